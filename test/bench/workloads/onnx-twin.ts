import type { Bundle } from "../../../shared/inference/bundle.ts";
import { fusedOps, integers, text } from "../../../shared/inference/graph-attributes.ts";
import type { GraphNode } from "../../../shared/inference/graph-model.ts";
import { storedWeights, weightValues } from "../../../shared/inference/stored-weight.ts";
import { encodeOnnxModel, type OnnxNode, type OnnxWeight } from "./onnx-messages.ts";

/** A filter or bias by name, row-major. */
interface Weight {
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

interface Twin {
  readonly shapes: ReadonlyMap<string, readonly number[]>;
  readonly weightOf: (name: string) => Weight;
  readonly nodes: OnnxNode[];
  readonly weights: OnnxWeight[];
}

/**
 * The net of a bundle as an ONNX file, channels first as ONNX has them: the same arithmetic for other runtimes. Its only
 * input is called as the graph's and takes `[1, 3, height, width]`; its only output is `[1, classes]`.
 * @throws Error for a node that the benchmark's nets do not have
 */
export function onnxTwin({ model, graph, weights, manifest }: Bundle): Uint8Array {
  const stored = storedWeights(weights);
  const twin: Twin = {
    shapes: graph.shapes,
    weightOf: (name) => {
      const weight = stored.get(name);
      if (weight === undefined) throw new Error(`${name} is no weight`);
      return { shape: weight.shape, values: weightValues(weight) };
    },
    nodes: [],
    weights: [
      { name: "zero", shape: [], values: Float32Array.of(0) },
      { name: "six", shape: [], values: Float32Array.of(6) },
    ],
  };
  for (const node of model.modelTopology.node) {
    if (node.op !== "Const" && node.op !== "Placeholder") addTwin(twin, node);
  }
  const [, height = 0, width = 0, channels = 0] = graph.inputShape;
  return encodeOnnxModel({
    nodes: twin.nodes,
    weights: twin.weights,
    input: { name: graph.inputNode, shape: [1, channels, height, width] },
    output: { name: manifest.outputs.logits, shape: [1, manifest.labels.length] },
  });
}

function addTwin(twin: Twin, node: GraphNode): void {
  const [input = "", second = ""] = node.input;
  const { name: output } = node;
  switch (node.op) {
    case "_FusedConv2D":
    case "FusedDepthwiseConv2dNative":
      return addConvolution(twin, node);
    case "_FusedMatMul":
      return addDense(twin, node);
    case "Mean":
      twin.nodes.push(
        { operator: "GlobalAveragePool", inputs: [input], output: `${output}/pooled` },
        { operator: "Flatten", inputs: [`${output}/pooled`], output },
      );
      return;
    case "AddV2":
      twin.nodes.push({ operator: "Add", inputs: [input, second], output });
      return;
    case "Reshape":
      twin.nodes.push({ operator: "Flatten", inputs: [input], output });
      return;
    default:
      throw new Error(`the benchmark's ONNX twin has no ${node.op}`);
  }
}

function addConvolution(twin: Twin, node: GraphNode): void {
  const [input = "", filter = "", bias = ""] = node.input;
  const { shape, values } = twin.weightOf(filter);
  const [rows = 0, columns = 0, inputs = 0, last = 0] = shape;
  const isDepthwise = node.op === "FusedDepthwiseConv2dNative";
  const outputs = isDepthwise ? 1 : last;
  twin.weights.push({
    name: filter,
    shape: isDepthwise ? [inputs, 1, rows, columns] : [outputs, inputs, rows, columns],
    values: channelsFirst(values, rows * columns, inputs, outputs),
  });
  addBias(twin, bias);
  addActivated(twin, node, {
    operator: "Conv",
    inputs: [input, filter, bias],
    attributes: {
      kernel_shape: [rows, columns],
      strides: integers(node, "strides").slice(1, 3),
      pads: padsOf(twin, node, rows),
      group: isDepthwise ? inputs : 1,
    },
  });
}

/** Zeros above, left, below, right; TensorFlow puts the odd one after, which ONNX only does when told so in numbers. */
function padsOf(twin: Twin, node: GraphNode, window: number): readonly number[] {
  const padding = text(node, "padding", "");
  if (padding === "EXPLICIT") {
    const [, , top = 0, bottom = 0, left = 0, right = 0] = integers(node, "explicit_paddings");
    return [top, left, bottom, right];
  }
  if (padding === "VALID") return [0, 0, 0, 0];
  const [, stride = 1] = integers(node, "strides");
  const [, size = 0] = twin.shapes.get(node.input[0] ?? "") ?? [];
  const zeros = Math.max(0, (Math.ceil(size / stride) - 1) * stride + window - size);
  const [before, after] = [Math.floor(zeros / 2), Math.ceil(zeros / 2)];
  return [before, before, after, after];
}

function addDense(twin: Twin, node: GraphNode): void {
  const [input = "", weights = "", bias = ""] = node.input;
  twin.weights.push({ name: weights, ...twin.weightOf(weights) });
  addBias(twin, bias);
  addActivated(twin, node, { operator: "Gemm", inputs: [input, weights, bias] });
}

function addBias(twin: Twin, name: string): void {
  twin.weights.push({ name, ...twin.weightOf(name) });
}

/** The nodes from sums to the layer's output. */
function addActivated(twin: Twin, node: GraphNode, sums: Omit<OnnxNode, "output">): void {
  const { name: output } = node;
  const activation = fusedOps(node)[1];
  if (activation === undefined) {
    twin.nodes.push({ ...sums, output });
    return;
  }
  const activate =
    activation === "Relu6"
      ? { operator: "Clip", inputs: [`${output}/sums`, "zero", "six"], output }
      : { operator: "Relu", inputs: [`${output}/sums`], output };
  twin.nodes.push({ ...sums, output: `${output}/sums` }, activate);
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
