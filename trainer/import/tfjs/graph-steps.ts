import {
  describeNode,
  flagOf,
  type FrozenNode,
  integersOf,
  spatialOf,
  textOf,
  textsOf,
} from "./frozen-node.ts";
import { normalization } from "./layer-steps.ts";
import { cannotImport, type NetStep, type NetWindow, type StoredTensor } from "./net.ts";

/** What a name stands for in a graph: a computed value, or constants. */
export type GraphSource =
  | { readonly kind: "value"; readonly name: string }
  | { readonly kind: "floats"; readonly tensor: StoredTensor }
  | { readonly kind: "integers"; readonly values: readonly number[] };

type ReadOperation = (node: FrozenNode, inputs: readonly GraphSource[]) => readonly NetStep[];

const operations: ReadonlyMap<string, ReadOperation> = new Map<string, ReadOperation>([
  ["Conv2D", convolutionSteps],
  ["_FusedConv2D", convolutionSteps],
  ["DepthwiseConv2dNative", convolutionSteps],
  ["FusedDepthwiseConv2dNative", convolutionSteps],
  ["MatMul", denseSteps],
  ["_FusedMatMul", denseSteps],
  ["FusedBatchNorm", normalizationSteps],
  ["FusedBatchNormV2", normalizationSteps],
  ["FusedBatchNormV3", normalizationSteps],
  ["BiasAdd", arithmetic],
  ["Add", arithmetic],
  ["AddV2", arithmetic],
  ["Sub", arithmetic],
  ["Mul", arithmetic],
  ["RealDiv", arithmetic],
  ["Relu", () => [{ kind: "activation", activation: "relu" }]],
  ["Relu6", () => [{ kind: "activation", activation: "relu6" }]],
  ["Softmax", () => [{ kind: "softmax" }]],
  ["Identity", (_, [input]) => (input?.kind === "value" ? [{ kind: "identity" }] : [])],
  ["MaxPool", (node) => [poolStep(node, "max-pool")]],
  ["AvgPool", (node) => [poolStep(node, "average-pool")]],
  ["Mean", (node, inputs) => [meanStep(node, inputs)]],
  ["Pad", (node, inputs) => [padStep(node, inputs)]],
  ["PadV2", (node, inputs) => [padStep(node, inputs)]],
  ["Reshape", (node, inputs) => [reshapeStep(node, inputs)]],
  ["Squeeze", () => [{ kind: "reshape", shape: null }]],
]);

/** The steps that an operation of a frozen graph is made of. @throws unsupported_model naming the node */
export function graphSteps(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  const read = operations.get(node.op);
  if (read !== undefined) return read(node, inputs);
  throw cannotImport(
    describeNode(node),
    `allowed are the operations ${[...operations.keys()].join(", ")}, frozen for inference`,
  );
}

function denseSteps(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  if (flagOf(node, "transpose_a") || flagOf(node, "transpose_b")) {
    throw cannotImport(describeNode(node), "its product is transposed");
  }
  return [{ kind: "dense", weights: floatsAt(node, inputs, 1) }, ...fusedSteps(node, inputs)];
}

function normalizationSteps(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  const read = (position: number): Float32Array => floatsAt(node, inputs, position).values;
  const epsilon = node.attr["epsilon"]?.f ?? 0.0001;
  return [normalization({ gamma: read(1), beta: read(2), mean: read(3), variance: read(4), epsilon })];
}

function convolutionSteps(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  const kind = node.op.includes("epthwise") ? "depthwise" : "convolution";
  const dilations = node.attr["dilations"]?.list?.i ?? [];
  if (dilations.some((dilation) => dilation !== 1)) throw cannotImport(describeNode(node), "it is dilated");
  return [{ kind, weights: floatsAt(node, inputs, 1), ...windowOf(node) }, ...fusedSteps(node, inputs)];
}

/** What a fused node does with its sums, in its order. */
function fusedSteps(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  return textsOf(node, "fused_ops").map((op): NetStep => {
    if (op === "BiasAdd") return scaleBy([1], floatsAt(node, inputs, 2).values);
    if (op === "Relu") return { kind: "activation", activation: "relu" };
    if (op === "Relu6") return { kind: "activation", activation: "relu6" };
    throw cannotImport(describeNode(node), `it has ${op} fused; allowed are BiasAdd, Relu and Relu6`);
  });
}

function arithmetic(node: FrozenNode, inputs: readonly GraphSource[]): readonly NetStep[] {
  if (inputs.filter((source) => source.kind === "value").length === 2) {
    if (node.op === "Add" || node.op === "AddV2") return [{ kind: "add" }];
    throw cannotImport(describeNode(node), "it joins two computed values; only sums may");
  }
  const constantFirst = inputs[0]?.kind === "floats";
  const { values, shape } = floatsAt(node, inputs, constantFirst ? 0 : 1);
  if (values.length !== (shape.at(-1) ?? 1)) {
    throw cannotImport(
      describeNode(node),
      `its constant is [${shape.join(", ")}]; allowed is one value a channel`,
    );
  }
  return [withConstant(node, values, constantFirst)];
}

function withConstant(node: FrozenNode, values: Float32Array, constantFirst: boolean): NetStep {
  switch (node.op) {
    case "Mul":
      return scaleBy(values, [0]);
    case "RealDiv": {
      if (constantFirst) throw cannotImport(describeNode(node), "it divides by a computed value");
      const inverses = Float64Array.from(values, (value) => 1 / value);
      return scaleBy(inverses, [0]);
    }
    case "Sub": {
      const negatives = Float64Array.from(values, (value) => -value);
      return constantFirst ? scaleBy([-1], values) : scaleBy([1], negatives);
    }
    default:
      return scaleBy([1], values);
  }
}

function scaleBy(factors: ArrayLike<number>, addends: ArrayLike<number>): NetStep {
  return { kind: "scale", factors: Float64Array.from(factors), addends: Float64Array.from(addends) };
}

function windowOf(node: FrozenNode): NetWindow {
  const strides = spatialOf(node, "strides");
  const rule = textOf(node, "padding");
  if (rule === "SAME") return { padding: "same", strides };
  if (rule === "VALID") return { padding: "valid", strides };
  if (rule !== "EXPLICIT") throw cannotImport(describeNode(node), `its padding is ${rule}`);
  const [, , top = 0, bottom = 0, left = 0, right = 0] = integersOf(node, "explicit_paddings");
  return { padding: { top, bottom, left, right }, strides };
}

function poolStep(node: FrozenNode, kind: "max-pool" | "average-pool"): NetStep {
  const { padding, strides } = windowOf(node);
  if (typeof padding !== "string") throw cannotImport(describeNode(node), "its padding is spelled out");
  return { kind, size: spatialOf(node, "ksize"), strides, padding };
}

function meanStep(node: FrozenNode, inputs: readonly GraphSource[]): NetStep {
  const axes = integersAt(node, inputs, 1).map((axis) => (axis < 0 ? axis + 4 : axis));
  if (axes.toSorted((a, b) => a - b).join() !== "1,2") {
    throw cannotImport(
      describeNode(node),
      `its axes are [${axes.join(", ")}]; allowed are height and width, [1, 2]`,
    );
  }
  return { kind: "mean", keepsDimensions: flagOf(node, "keep_dims") };
}

function padStep(node: FrozenNode, inputs: readonly GraphSource[]): NetStep {
  const [batch0, batch1, top = 0, bottom = 0, left = 0, right = 0, c0, c1] = integersAt(node, inputs, 1);
  const elsewhere = [batch0, batch1, c0, c1].some((zeros) => zeros !== 0);
  if (elsewhere || [top, bottom, left, right].some((zeros) => zeros < 0 || zeros >= 64)) {
    throw cannotImport(describeNode(node), "allowed are 0 to 63 zeros around height and width");
  }
  return { kind: "pad", border: { top, bottom, left, right } };
}

function reshapeStep(node: FrozenNode, inputs: readonly GraphSource[]): NetStep {
  const [, ...sizes] = integersAt(node, inputs, 1);
  const open = sizes.filter((size) => size < 1).length;
  if (sizes.length === 1) return { kind: "reshape", shape: null };
  if (open === 0 && sizes.length > 0) return { kind: "reshape", shape: sizes };
  throw cannotImport(
    describeNode(node),
    `its shape is [-1, ${sizes.join(", ")}]; allowed are sizes from 1 on, or one row`,
  );
}

function floatsAt(node: FrozenNode, inputs: readonly GraphSource[], position: number): StoredTensor {
  const source = inputs[position];
  if (source?.kind === "floats") return source.tensor;
  throw cannotImport(describeNode(node), `its input ${position} is no float constant`);
}

function integersAt(node: FrozenNode, inputs: readonly GraphSource[], position: number): readonly number[] {
  const source = inputs[position];
  if (source?.kind === "integers" && source.values.length <= 16) return source.values;
  throw cannotImport(describeNode(node), `its input ${position} is no constant list of whole numbers`);
}
