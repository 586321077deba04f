import {
  type FoldedConvolution,
  type FoldedDense,
  type FoldedLayer,
  type FoldedModel,
  type WeightedLayer,
} from "../../../trainer/release/folded-model.ts";
import { encodeOnnxModel, type OnnxNode, type OnnxWeight } from "./onnx-messages.ts";

/** Name of the twin's input, `[1, 3, height, width]`; its only output is `[1, classes]`. */
export const onnxInput = "input";

/** What one layer adds to the twin, and the side of the image behind it. */
interface Twin {
  readonly nodes: readonly OnnxNode[];
  readonly weights: readonly OnnxWeight[];
  readonly output: string;
  readonly side: number;
}

/**
 * The same folded net as an ONNX file, channels first as ONNX has them: the same arithmetic for other runtimes.
 * @throws Error for a layer that the benchmark's nets do not have
 */
export function onnxTwin(model: FoldedModel): Uint8Array {
  const [height, width, channels] = model.inputShape;
  const twins: Twin[] = [];
  let last: Pick<Twin, "output" | "side"> = { output: onnxInput, side: height };
  for (const layer of model.layers) {
    const twin = layerTwin(layer, last.output, last.side);
    twins.push(twin);
    last = twin;
  }
  return encodeOnnxModel({
    nodes: twins.flatMap((twin) => twin.nodes),
    weights: twins.flatMap((twin) => twin.weights),
    input: { name: onnxInput, shape: [1, channels, height, width] },
    output: { name: last.output, shape: [1, model.classes] },
  });
}

function layerTwin(layer: FoldedLayer, input: string, side: number): Twin {
  switch (layer.kind) {
    case "convolution":
    case "depthwise":
      return convolutionTwin(layer, input, side);
    case "dense":
      return denseTwin(layer, input, side);
    case "global-average-pool": {
      const pooled = `${layer.name}/pooled`;
      const nodes = [
        { operator: "GlobalAveragePool", inputs: [input], output: pooled },
        { operator: "Flatten", inputs: [pooled], output: layer.name },
      ];
      return { nodes, weights: [], output: layer.name, side: 1 };
    }
    case "max-pool":
      throw new Error(`the benchmark's ONNX twin has no ${layer.kind}`);
    default:
      return layer satisfies never;
  }
}

function convolutionTwin(layer: FoldedConvolution, input: string, side: number): Twin {
  const [kernelHeight, kernelWidth, inputs, last] = layer.shape;
  const isDepthwise = layer.kind === "depthwise";
  const shape = isDepthwise
    ? [inputs, 1, kernelHeight, kernelWidth]
    : [last, inputs, kernelHeight, kernelWidth];
  const [stride] = layer.strides;
  const [before, after] = padsOf(layer, side);
  const sums = {
    operator: "Conv",
    inputs: [input, `${layer.name}/weights`, `${layer.name}/bias`],
    attributes: {
      kernel_shape: [kernelHeight, kernelWidth],
      strides: layer.strides,
      pads: [before, before, after, after],
      group: isDepthwise ? inputs : 1,
    },
  };
  return {
    nodes: activated(layer, sums),
    weights: weightsOf(
      layer,
      shape,
      channelsFirst(layer.weights, kernelHeight * kernelWidth, inputs, isDepthwise ? 1 : last),
    ),
    output: layer.name,
    side: Math.ceil(side / stride),
  };
}

/** Zeros before and after: TensorFlow puts the odd one after, which ONNX only does when told so in numbers. */
function padsOf(layer: FoldedConvolution, side: number): readonly [number, number] {
  if (layer.padding !== "same") throw new Error("the benchmark's nets pad all their convolutions alike");
  const [window] = layer.shape;
  const [stride] = layer.strides;
  const zeros = Math.max(0, (Math.ceil(side / stride) - 1) * stride + window - side);
  return [Math.floor(zeros / 2), Math.ceil(zeros / 2)];
}

function denseTwin(layer: FoldedDense, input: string, side: number): Twin {
  const inputs = [input, `${layer.name}/weights`, `${layer.name}/bias`];
  return {
    nodes: activated(layer, { operator: "Gemm", inputs }),
    weights: weightsOf(layer, layer.shape, layer.weights),
    output: layer.name,
    side,
  };
}

/** The nodes from sums to the layer's output. */
function activated(layer: WeightedLayer, sums: Omit<OnnxNode, "output">): readonly OnnxNode[] {
  if (layer.activation === "linear") return [{ ...sums, output: layer.name }];
  const output = `${layer.name}/sums`;
  return [
    { ...sums, output },
    { operator: "Relu", inputs: [output], output: layer.name },
  ];
}

function weightsOf(
  layer: WeightedLayer,
  shape: readonly number[],
  values: Float32Array,
): readonly OnnxWeight[] {
  return [
    { name: `${layer.name}/weights`, shape, values },
    { name: `${layer.name}/bias`, shape: [layer.bias.length], values: layer.bias },
  ];
}

/** `[pixel, input, output]` to `[output, input, pixel]`. */
function channelsFirst(weights: Float32Array, pixels: number, inputs: number, outputs: number): Float32Array {
  const turned = new Float32Array(weights.length);
  for (let pixel = 0; pixel < pixels; pixel++) {
    for (let input = 0; input < inputs; input++) {
      for (let output = 0; output < outputs; output++) {
        const to = (output * inputs + input) * pixels + pixel;
        turned[to] = weights[(pixel * inputs + input) * outputs + output] as number;
      }
    }
  }
  return turned;
}
