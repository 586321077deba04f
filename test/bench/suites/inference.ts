import { duel } from "../duel.ts";
import { largestDifference } from "../largest-difference.ts";
import type { Suite } from "../suite.ts";
import { nets } from "../workloads/nets.ts";

/** Runs before anything counts: enough for every engine to have compiled its code. */
const warmUpRuns: Readonly<Record<keyof typeof nets, number>> = {
  "mobilenet_v1_0.25_128": 400,
  "mobilenet_v2_0.5_160": 100,
  "mobilenet_v2_1.0_224": 30,
};

/** One normalised image to logits, batch 1, float32 weights, one thread. */
export const inferenceSuite: Suite = async ({ report }) => {
  for (const [name, workload] of Object.entries(nets)) {
    const standings = await duel(
      [
        { name: "ours", module: "infer-ours.ts", workload },
        { name: "tfjs-fused", module: "infer-tfjs-fused.ts", workload },
        { name: "tfjs-layers", module: "infer-tfjs-layers.ts", workload },
        { name: "onnxruntime-web", module: "infer-onnxruntime-web.ts", workload },
        { name: "onnxruntime-node", module: "infer-onnxruntime-node.ts", workload },
      ],
      {
        rounds: 15,
        blockMs: 150,
        warmUpRuns: warmUpRuns[name as keyof typeof nets],
        distance: largestDifference(1e-3),
      },
    );
    report({ name, workload: "one image to 1,000 logits, float32", standings });
    const inWorkerd = await duel(
      (["fastest", "stock"] as const).map((engine) => ({
        name: engine === "fastest" ? "ours" : "tfjs-fused",
        module: "infer-workerd.ts",
        workload: { ...workload, engine },
      })),
      {
        rounds: 15,
        blockMs: 150,
        warmUpRuns: warmUpRuns[name as keyof typeof nets],
        distance: largestDifference(1e-3),
      },
    );
    report({ name: `${name}/workerd`, workload: "the same inside workerd", standings: inWorkerd });
  }
};
