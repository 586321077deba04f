import { fusedOps, flag, integers, text, unsupportedNode } from "./graph-attributes.ts";
import { elementsOf, type GraphNode } from "./graph-model.ts";

/** Sizes of a tensor's dimensions; the batch, where there is one, counts as 1. */
export type Shape = readonly number[];

/** A node with what is known of its inputs. */
export interface OpInput {
  readonly node: GraphNode;
  readonly shapes: readonly Shape[];
  /** Values of the inputs that are int32 constants. */
  readonly constants: readonly (readonly number[] | undefined)[];
}

/** What running a node gives and costs. */
export interface OpOutput {
  readonly shape: Shape;
  /** Elements of a temporary copy that the kernel makes. */
  readonly scratchElements?: number;
  /** Bytes that XNNPACK keeps for later calls, the packed weights aside. */
  readonly cachedBytes?: number;
}

/** One operation that we run. */
export interface GraphOp {
  /** tfjs kernels it needs. */
  readonly kernels: readonly string[];
  /** Position of the input that is an int32 constant; no other may be. */
  readonly integerInput?: number;
  /** @throws unsupported_model when the node's attributes or inputs are not as we compile them */
  readonly infer: (input: OpInput) => OpOutput;
}

/** tfjs's fused ops reshape on their way. */
const reshapeKernel = "Reshape";

/**
 * The closed list of operations: what the trainer's compiler emits, with the kernels the Worker registers.
 * `Placeholder` and `Const` carry data and are not among them.
 */
export const graphOps: Readonly<Record<string, GraphOp>> = {
  _FusedConv2D: { kernels: ["FusedConv2D", reshapeKernel], infer: (input) => convolution(input, false) },
  FusedDepthwiseConv2dNative: {
    kernels: ["FusedDepthwiseConv2D", reshapeKernel],
    infer: (input) => convolution(input, true),
  },
  _FusedMatMul: { kernels: ["_FusedMatMul", reshapeKernel], infer: matMul },
  MaxPool: { kernels: ["MaxPool", "Identity", reshapeKernel], infer: pool },
  AvgPool: { kernels: ["AvgPool", "Identity", reshapeKernel], infer: pool },
  Mean: { kernels: ["Mean", "Transpose", "Identity", "Cast"], integerInput: 1, infer: mean },
  Softmax: { kernels: ["Softmax"], infer: (input) => ({ shape: matrix(input) }) },
  AddV2: { kernels: ["Add"], infer: broadcast },
  Mul: { kernels: ["Multiply"], infer: broadcast },
  Relu: { kernels: ["Relu"], infer: same },
  Relu6: { kernels: ["Relu6"], infer: same },
  Identity: { kernels: ["Identity"], infer: same },
  Reshape: { kernels: [reshapeKernel], integerInput: 1, infer: reshape },
};

function inputShape({ node, shapes }: OpInput, index: number, rank?: number): Shape {
  const shape = shapes[index];
  if (shape === undefined) throw unsupportedNode(node, `input ${index} is missing`);
  if (rank !== undefined && shape.length !== rank) {
    throw unsupportedNode(node, `input ${index} has ${shape.length} dimensions, it must have ${rank}`);
  }
  return shape;
}

function same(input: OpInput): OpOutput {
  return { shape: inputShape(input, 0) };
}

function matrix(input: OpInput): Shape {
  return inputShape(input, 0, 2);
}

/** `[batch, h, w, channels]` apart. */
function imageSize(input: OpInput): { height: number; width: number; channels: number } {
  const [, height = 0, width = 0, channels = 0] = inputShape(input, 0, 4);
  return { height, width, channels };
}

/** Checks that a list over N, H, W, C moves in space only. */
function spatial(node: GraphNode, name: string): readonly [number, number] {
  const values = integers(node, name);
  const [batch, height = 0, width = 0, channels] = values;
  if (values.length !== 4 || batch !== 1 || channels !== 1 || !isSize(height) || !isSize(width)) {
    throw unsupportedNode(node, `${name} is [${values.join(", ")}], it must be [1, h, w, 1] with 1 to 64`);
  }
  return [height, width];
}

function isSize(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 64;
}

/** How a window slides along one axis. */
interface Window {
  readonly size: number;
  readonly kernel: number;
  readonly stride: number;
  /** Zeros before and after, for explicit padding. */
  readonly padding?: readonly [number, number];
}

/** Output size along one axis, by TensorFlow's rules for SAME, VALID and EXPLICIT. */
function slide(node: GraphNode, window: Window): number {
  const { size, kernel, stride } = window;
  const padding = text(node, "padding", "");
  const [before, after] = window.padding ?? [0, 0];
  if (
    padding !== "SAME" &&
    padding !== "VALID" &&
    !(padding === "EXPLICIT" && window.padding !== undefined)
  ) {
    throw unsupportedNode(node, `padding is ${padding || "missing"}, it must be SAME, VALID or EXPLICIT`);
  }
  const output =
    padding === "SAME" ? Math.ceil(size / stride) : Math.floor((size + before + after - kernel) / stride) + 1;
  if (output < 1) throw unsupportedNode(node, `a window of ${kernel} does not fit an input of ${size}`);
  return output;
}

function windowOf(size: number, kernel: number, stride: number, padding?: [number, number]): Window {
  return padding === undefined ? { size, kernel, stride } : { size, kernel, stride, padding };
}

/** Zeros around height and width of a node with padding EXPLICIT. */
function explicitPadding(node: GraphNode): { height: [number, number]; width: [number, number] } | undefined {
  if (text(node, "padding", "") !== "EXPLICIT") return undefined;
  const values = integers(node, "explicit_paddings");
  const [, , top = -1, bottom = -1, left = -1, right = -1] = values;
  const inSpace = [top, bottom, left, right].every((zeros) => zeros >= 0 && zeros < 64);
  if (values.length !== 8 || !inSpace || values.some((zeros, i) => zeros !== 0 && (i < 2 || i > 5))) {
    throw unsupportedNode(
      node,
      `explicit_paddings is [${values.join(", ")}], it must be [0, 0, top, bottom, left, right, 0, 0] with 0 to 63`,
    );
  }
  return { height: [top, bottom], width: [left, right] };
}

function requireNhwc(node: GraphNode): void {
  const format = text(node, "data_format", "NHWC");
  if (format !== "NHWC") throw unsupportedNode(node, `data_format is ${format}, it must be NHWC`);
}

/** Checks the bias and the activation that are fused into a node. */
function requireFusedBias(input: OpInput, channels: number): void {
  const { node } = input;
  const fused = fusedOps(node).join("+");
  if (!["BiasAdd", "BiasAdd+Relu", "BiasAdd+Relu6"].includes(fused)) {
    throw unsupportedNode(
      node,
      `fused_ops is ${fused || "empty"}, it must be BiasAdd, then Relu, Relu6 or none`,
    );
  }
  const bias = inputShape(input, 2, 1);
  if (bias[0] !== channels || input.shapes.length !== 3 || node.attr["num_args"]?.i !== 1) {
    throw unsupportedNode(node, `it must have exactly one bias of ${channels} values and num_args 1`);
  }
}

/** Whether a SAME window is one that tfjs-backend-wasm 4.22 pads wrongly (as in tfjs #6629). */
function skipsPixels(kernel: number, stride: number): boolean {
  return kernel > 1 && kernel < stride;
}

function convolution(input: OpInput, depthwise: boolean): OpOutput {
  const { node } = input;
  requireNhwc(node);
  const { height, width, channels } = imageSize(input);
  const [kernelHeight = 0, kernelWidth = 0, depth = 0, last = 0] = inputShape(input, 1, 4);
  const [strideHeight, strideWidth] = spatial(node, "strides");
  const dilations = node.attr["dilations"] === undefined ? [1, 1] : spatial(node, "dilations");
  if (depth !== channels || dilations.some((dilation) => dilation !== 1)) {
    throw unsupportedNode(node, `it must have a filter over ${channels} channels and no dilation`);
  }
  if (
    text(node, "padding", "") === "SAME" &&
    (skipsPixels(kernelHeight, strideHeight) || skipsPixels(kernelWidth, strideWidth))
  ) {
    throw unsupportedNode(
      node,
      "a SAME window must not be smaller than its stride; use VALID or a larger window",
    );
  }
  const outputChannels = depthwise ? channels * last : last;
  requireFusedBias(input, outputChannels);
  const padding = explicitPadding(node);
  const outputHeight = slide(node, windowOf(height, kernelHeight, strideHeight, padding?.height));
  const outputWidth = slide(node, windowOf(width, kernelWidth, strideWidth, padding?.width));
  const taps = kernelHeight * kernelWidth;
  return {
    shape: [1, outputHeight, outputWidth, outputChannels],
    // XNNPACK's indirection buffer: one pointer of 4 bytes a tap of every output pixel
    cachedBytes: taps > 1 ? outputHeight * outputWidth * taps * 4 : 0,
  };
}

function matMul(input: OpInput): OpOutput {
  const { node } = input;
  const [batch = 0, inner] = matrix(input);
  const [rows, columns = 0] = inputShape(input, 1, 2);
  // tfjs-backend-wasm 4.22 adds the bias of a transposed product once a block of 48
  if (flag(node, "transpose_a") || flag(node, "transpose_b")) {
    throw unsupportedNode(node, "transpose_a and transpose_b must be false; store the weights transposed");
  }
  if (inner !== rows) throw unsupportedNode(node, `it multiplies ${inner} columns by ${rows} rows`);
  requireFusedBias(input, columns);
  return { shape: [batch, columns] };
}

function pool(input: OpInput): OpOutput {
  const { node } = input;
  requireNhwc(node);
  const { height, width, channels } = imageSize(input);
  const [kernelHeight, kernelWidth] = spatial(node, "ksize");
  const [strideHeight, strideWidth] = spatial(node, "strides");
  const outputHeight = slide(node, { size: height, kernel: kernelHeight, stride: strideHeight });
  const outputWidth = slide(node, { size: width, kernel: kernelWidth, stride: strideWidth });
  return {
    shape: [1, outputHeight, outputWidth, channels],
    cachedBytes: outputHeight * outputWidth * kernelHeight * kernelWidth * 4,
  };
}

function mean(input: OpInput): OpOutput {
  const { node } = input;
  const shape = inputShape(input, 0, 4);
  const axes = input.constants[1];
  if (axes === undefined || [...axes].toSorted((a, b) => a - b).join() !== "1,2") {
    throw unsupportedNode(node, "it must have the constant axes [1, 2]: the mean over height and width");
  }
  const [batch = 0, , , channels = 0] = shape;
  return {
    shape: flag(node, "keep_dims") ? [batch, 1, 1, channels] : [batch, channels],
    scratchElements: elementsOf(shape),
  };
}

/** NumPy's rule for two operands of one rank. */
function broadcast(input: OpInput): OpOutput {
  const left = inputShape(input, 0);
  const right = inputShape(input, 1, left.length);
  const shape = left.map((size, axis) => {
    const other = right[axis] ?? 1;
    if (size !== other && size !== 1 && other !== 1) {
      throw unsupportedNode(input.node, `[${left.join(", ")}] and [${right.join(", ")}] do not broadcast`);
    }
    return Math.max(size, other);
  });
  return { shape };
}

function reshape(input: OpInput): OpOutput {
  const from = inputShape(input, 0);
  const target = input.constants[1];
  const [batch, ...rest] = target ?? [];
  if (batch !== -1 || rest.some((size) => size < 1) || elementsOf(rest) !== elementsOf(from.slice(1))) {
    throw unsupportedNode(
      input.node,
      `it must have a constant shape [-1, ...] of the ${elementsOf(from.slice(1))} values an image has`,
    );
  }
  return { shape: [1, ...rest] };
}
