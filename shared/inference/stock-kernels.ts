import * as tf from "@tensorflow/tfjs-core";
import { flag, fusedOps, integers, text, unsupportedNode } from "./graph-attributes.ts";
import type { GraphNode } from "./graph-model.ts";

/** Tensors of one run by the name of the node that gave them. */
export type StockTensors = ReadonlyMap<string, tf.Tensor>;

/** A node with what it reads. */
interface StockNode {
  readonly node: GraphNode;
  readonly input: (index: number) => tf.Tensor;
  /** Values of an input that is an int32 weight. */
  readonly integersAt: (index: number) => readonly number[];
}

/**
 * Runs one node of a checked graph on tfjs's kernel for it, with the attributes that tfjs's GraphModel would give.
 * GraphModel itself would bring the whole of tfjs's operations: 70 KB gzipped, of which a Worker needs none.
 * @param constants values of the int32 weights
 */
export function runStockNode(
  node: GraphNode,
  tensors: StockTensors,
  constants: ReadonlyMap<string, readonly number[]>,
): tf.Tensor {
  const runNode = Object.hasOwn(stockKernels, node.op) ? stockKernels[node.op] : undefined;
  if (runNode === undefined) throw unsupportedNode(node, "stock tfjs has no kernel for it here");
  return runNode({
    node,
    input: (index) => {
      const tensor = tensors.get(sourceOf(node, index));
      if (tensor === undefined) throw unsupportedNode(node, `input ${index} is no float32 tensor`);
      return tensor;
    },
    integersAt: (index) => constants.get(sourceOf(node, index)) ?? [],
  });
}

const stockKernels: Readonly<Record<string, (at: StockNode) => tf.Tensor>> = {
  _FusedConv2D: (at) => convolve("FusedConv2D", at),
  FusedDepthwiseConv2dNative: (at) => convolve("FusedDepthwiseConv2D", at),
  _FusedMatMul: matMul,
  MaxPool: ({ node, input }) => run("MaxPool", { x: input(0) }, poolAttributes(node)),
  AvgPool: ({ node, input }) => run("AvgPool", { x: input(0) }, poolAttributes(node)),
  Mean: ({ node, input, integersAt }) =>
    run("Mean", { x: input(0) }, { axis: [...integersAt(1)], keepDims: flag(node, "keep_dims") }),
  Softmax: ({ input }) => run("Softmax", { logits: input(0) }, { dim: input(0).shape.length - 1 }),
  AddV2: ({ input }) => run("Add", { a: input(0), b: input(1) }),
  Mul: ({ input }) => run("Multiply", { a: input(0), b: input(1) }),
  Relu: ({ input }) => run("Relu", { x: input(0) }),
  Relu6: ({ input }) => run("Relu6", { x: input(0) }),
  Identity: ({ input }) => run("Identity", { x: input(0) }),
  Reshape: ({ input, integersAt }) => reshape(input(0), [input(0).shape[0] ?? 1, ...integersAt(1).slice(1)]),
};

function sourceOf(node: GraphNode, index: number): string {
  return (node.input[index] ?? "").replace(/:0$/, "");
}

function run(kernel: string, inputs: Record<string, tf.Tensor>, attributes: object = {}): tf.Tensor {
  return tf.engine().runKernel(kernel, inputs, { ...attributes });
}

function reshape(x: tf.Tensor, shape: readonly number[]): tf.Tensor {
  return run("Reshape", { x }, { shape: [...shape] });
}

const activations: Readonly<Record<string, string>> = { Relu: "relu", Relu6: "relu6" };

function activationOf(node: GraphNode): string {
  return activations[fusedOps(node)[1] ?? ""] ?? "linear";
}

function padOf(node: GraphNode): "same" | "valid" | [number, number][] {
  const padding = text(node, "padding", "");
  if (padding !== "EXPLICIT") return padding === "SAME" ? "same" : "valid";
  const [, , top = 0, bottom = 0, left = 0, right = 0] = integers(node, "explicit_paddings");
  return [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
}

function convolve(kernel: string, { node, input }: StockNode): tf.Tensor {
  const attributes = {
    strides: integers(node, "strides").slice(1, 3),
    pad: padOf(node),
    dataFormat: "NHWC",
    dilations: [1, 1],
    activation: activationOf(node),
  };
  return run(kernel, { x: input(0), filter: input(1), bias: input(2) }, attributes);
}

function poolAttributes(node: GraphNode): object {
  return {
    filterSize: integers(node, "ksize").slice(1, 3),
    strides: integers(node, "strides").slice(1, 3),
    pad: padOf(node),
  };
}

/** tfjs's kernel multiplies batches of matrices. */
function matMul({ node, input }: StockNode): tf.Tensor {
  const [a, b, bias] = [input(0), input(1), input(2)];
  const [rows = 0, inner = 0] = a.shape;
  const [, columns = 0] = b.shape;
  const product = run(
    "_FusedMatMul",
    { a: reshape(a, [1, rows, inner]), b: reshape(b, [1, inner, columns]), bias },
    { transposeA: false, transposeB: false, activation: activationOf(node) },
  );
  return reshape(product, [rows, columns]);
}
