import { duel } from "../duel.ts";
import { largestDifference } from "../largest-difference.ts";
import type { Suite } from "../suite.ts";
import type { TrainingWorkload } from "../workloads/training-batch.ts";

const net = { size: 96, width: 0.25, classes: 10 };
const options = { warmUpRuns: 1, blockMs: 2000, distance: largestDifference(1e-3) };

/**
 * One optimiser update of MobileNet V1 0.25@96, one core. Batch 8 beside pure JavaScript, which takes a quarter of the
 * minute that the usual 32 would take; batch 32 by ourselves.
 */
export const trainingSuite: Suite = async ({ report }) => {
  const small: TrainingWorkload = { ...net, batchSize: 8 };
  report({
    name: "train-step",
    workload: "MobileNet V1 0.25@96, batch 8, 10 classes, Adam",
    standings: await duel(
      [
        { name: "ours", module: "train-ours.ts", workload: small },
        { name: "tfjs-cpu", module: "train-tfjs-cpu.ts", workload: small },
      ],
      { ...options, rounds: 3 },
    ),
  });
  report({
    name: "train-step-32",
    workload: "the same, batch 32",
    standings: await duel(
      [
        {
          name: "ours",
          module: "train-ours.ts",
          workload: { ...net, batchSize: 32 } satisfies TrainingWorkload,
        },
      ],
      { ...options, rounds: 3 },
    ),
  });
};
