import { duel } from "../duel.ts";
import { largestDifference } from "../largest-difference.ts";
import type { Suite } from "../suite.ts";
import type { MobileNetWorkload } from "../workloads/mobilenet.ts";

const nets: readonly {
  readonly name: string;
  readonly warmUpRuns: number;
  readonly workload: MobileNetWorkload;
}[] = [
  { name: "mobilenet_v1_0.25_128", warmUpRuns: 400, workload: { size: 128, width: 0.25, classes: 1000 } },
  {
    name: "mobilenet_v2_0.5_160",
    warmUpRuns: 100,
    workload: { version: 2, size: 160, width: 0.5, classes: 1000 },
  },
  {
    name: "mobilenet_v2_1.0_224",
    warmUpRuns: 30,
    workload: { version: 2, size: 224, width: 1, classes: 1000 },
  },
];

/** One normalised image to logits, batch 1, float32 weights, one thread. */
export const inferenceSuite: Suite = async ({ report }) => {
  for (const { name, warmUpRuns, workload } of nets) {
    const standings = await duel(
      [
        { name: "ours", module: "infer-ours.ts", workload },
        { name: "tfjs-fused", module: "infer-tfjs-fused.ts", workload },
        { name: "tfjs-layers", module: "infer-tfjs-layers.ts", workload },
        { name: "onnxruntime-web", module: "infer-onnxruntime-web.ts", workload },
        { name: "onnxruntime-node", module: "infer-onnxruntime-node.ts", workload },
      ],
      { rounds: 15, blockMs: 150, warmUpRuns, distance: largestDifference(1e-3) },
    );
    report({ name, workload: "one image to 1,000 logits, float32", standings });
  }
};
