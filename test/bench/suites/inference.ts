import { duel } from "../duel.ts";
import { largestDifference } from "../largest-difference.ts";
import type { Suite } from "../suite.ts";
import type { MobileNetWorkload } from "../workloads/mobilenet.ts";

/** One normalised image to logits, batch 1, float32 weights, one thread. */
export const inferenceSuite: Suite = async ({ report }) => {
  const workload: MobileNetWorkload = { size: 128, width: 0.25, classes: 1000 };
  const standings = await duel(
    [
      { name: "ours", module: "infer-ours.ts", workload },
      { name: "tfjs-fused", module: "infer-tfjs-fused.ts", workload },
      { name: "tfjs-layers", module: "infer-tfjs-layers.ts", workload },
      { name: "onnxruntime-web", module: "infer-onnxruntime-web.ts", workload },
      { name: "onnxruntime-node", module: "infer-onnxruntime-node.ts", workload },
    ],
    { rounds: 15, blockMs: 150, warmUpRuns: 400, distance: largestDifference(1e-3) },
  );
  report({ name: "mobilenet_v1_0.25_128", workload: "one image to 1,000 logits, float32", standings });
};
