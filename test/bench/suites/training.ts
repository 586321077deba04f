import { probeNative } from "../../../trainer/engine/probe-native.ts";
import type { ContenderSpec } from "../contender-process.ts";
import { duel, type DuelOptions } from "../duel.ts";
import { largestDifference } from "../largest-difference.ts";
import type { Suite } from "../suite.ts";
import type { TrainingWorkload } from "../workloads/training-batch.ts";

const net = { size: 96, width: 0.25, classes: 10 };
const options: DuelOptions = {
  rounds: 3,
  warmUpRuns: 1,
  blockMs: 2000,
  distance: largestDifference(1e-3),
};

/** The gate looks at the first, which other work on the machine hardly changes. */
const threadClocks = [
  { suffix: "", clock: "main-thread", meaning: "processor time of the main thread" },
  {
    suffix: "-wall",
    clock: "wall",
    meaning: "by the wall's clock, which other work on the machine stretches",
  },
] as const;

/**
 * One optimiser update of MobileNet V1 0.25@96, batch 32, one core: beside pure JavaScript, once, as that takes most of a
 * minute; beside tfjs-node, where that is installed. Then two threads beside one, with the same bits as a result, by what
 * the one that has most to do needs.
 */
export const trainingSuite: Suite = async ({ report }) => {
  const usual: TrainingWorkload = { ...net, batchSize: 32 };
  report({
    name: "train-step",
    workload: "MobileNet V1 0.25@96, batch 32, 10 classes, Adam",
    standings: await duel(
      [
        { name: "ours", module: "train-ours.ts", workload: usual },
        { name: "tfjs-cpu", module: "train-tfjs-cpu.ts", workload: usual },
      ],
      { ...options, rounds: 1 },
    ),
  });
  const native = await probeNative("@tensorflow/tfjs-node");
  const peers: ContenderSpec[] =
    native.kind === "usable"
      ? [{ name: "tfjs-node", module: "train-ours.ts", workload: { ...usual, engine: "native-cpu" } }]
      : [];
  report({
    name: "train-step-32",
    workload: "the same",
    standings: await duel([{ name: "ours", module: "train-ours.ts", workload: usual }, ...peers], options),
  });
  for (const batchSize of [32, 64]) {
    const on = (workers: number): TrainingWorkload => ({ ...net, batchSize, workers });
    for (const { suffix, clock, meaning } of threadClocks) {
      report({
        name: `train-step-${batchSize}-threads${suffix}`,
        workload: `the same with light augmentation, batch ${batchSize} in parts of 16; ${meaning}`,
        standings: await duel(
          [
            { name: "two", module: "train-threads.ts", workload: on(2) },
            { name: "one", module: "train-threads.ts", workload: on(1) },
          ],
          { ...options, rounds: 5, clock, distance: largestDifference(0) },
        ),
      });
    }
  }
};
