import type { InferenceSession, SessionOptions, Tensor } from "onnxruntime";
import type { Contender } from "../contender.ts";
import { drawInput, foldMobileNet, type MobileNetWorkload } from "../workloads/mobilenet.ts";
import { onnxInput, onnxTwin } from "../workloads/onnx-twin.ts";
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
  const session = await sessions.create(onnxTwin(await foldMobileNet(workload)), {
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
      const [output] = Object.values(await session.run({ [onnxInput]: input }));
      if (output === undefined) throw new Error("the ONNX twin has no logits");
      return output.data;
    },
  };
}

function channelsFirst(nhwc: Float32Array, pixels: number): Float32Array {
  return Float32Array.from(nhwc, (_, i) => nhwc[(i % pixels) * 3 + Math.floor(i / pixels)] as number);
}
