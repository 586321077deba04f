import type { InferenceSession, SessionOptions, Tensor } from "onnxruntime";
import type { Contender } from "../contender.ts";
import { openBundle } from "../../../shared/inference/bundle.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { bundleMobileNet, drawInput, type MobileNetWorkload } from "../workloads/mobilenet.ts";
import { onnxTwin } from "../workloads/onnx-twin.ts";
import { openStockTfjs } from "./stock-tfjs.ts";

/** The part that onnxruntime-web and onnxruntime-node have in common. */
export interface OnnxRuntime {
  readonly InferenceSession: typeof InferenceSession;
  readonly Tensor: typeof Tensor;
}

/** A contender that runs the net's ONNX twin on one thread; its input lies channels first beforehand. */
export async function onnxContender(
  { InferenceSession: sessions, Tensor: RuntimeTensor }: OnnxRuntime,
  executionProvider: SessionOptions["executionProviders"][number],
  label: string,
  workload: MobileNetWorkload,
): Promise<Contender> {
  // The weights come from a tfjs model, whose layers need a backend to be built on.
  await openStockTfjs();
  const bundle = await openBundle(bundleSource(await bundleMobileNet(workload)));
  const session = await sessions.create(onnxTwin(bundle), {
    executionProviders: [executionProvider],
    intraOpNumThreads: 1,
    interOpNumThreads: 1,
    executionMode: "sequential",
    graphOptimizationLevel: "all",
  });
  const { size } = workload;
  const image = channelsFirst(drawInput(workload), size * size);
  return {
    label,
    run: async () => {
      const input = new RuntimeTensor("float32", image, [1, 3, size, size]);
      const [output] = Object.values(await session.run({ [bundle.graph.inputNode]: input }));
      if (output === undefined) throw new Error("the ONNX twin has no logits");
      return output.data;
    },
  };
}

function channelsFirst(nhwc: Float32Array, pixels: number): Float32Array {
  return Float32Array.from(nhwc, (_, i) => nhwc[(i % pixels) * 3 + Math.floor(i / pixels)] as number);
}
