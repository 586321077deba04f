import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type {
  FoldedConvolution,
  FoldedDense,
  FoldedLayer,
  FoldedMaxPool,
  FoldedModel,
  Padding,
} from "./folded-model.ts";
import {
  constant,
  type GraphNode,
  type GraphType,
  integer,
  integers,
  tensorInfo,
  tensorShape,
  text,
  texts,
  typeAttr,
} from "./graph-nodes.ts";
import type { QuantizedTensor } from "./quantize.ts";

/** The values of a constant node, before they are stored in some number format. */
export interface GraphWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly type: GraphType;
  readonly values: Float32Array | Int32Array;
  /** What it is to its layer; biases and axes are never quantised. */
  readonly role: "kernel" | "bias" | "axes";
  /** How it is to be stored, where that is settled: an imported weight keeps its own codes. */
  readonly stored?: QuantizedTensor;
  /** Name of the layer it came from. */
  readonly layer: string;
}

/** A GraphModel but for the bytes of its weights. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly weights: readonly GraphWeight[];
  readonly signature: unknown;
  readonly outputs: ModelManifest["outputs"];
  /** Where the net is to be computed in integers. */
  readonly activationGrids?: ModelManifest["activationGrids"];
}

const inputNode = "input";
const outputNodes = { logits: "logits", embedding: "embedding", featureMap: "featureMap" } as const;

/**
 * The standard tfjs GraphModel of a folded model, with fused nodes and outputs `logits`, `embedding`, `featureMap`.
 * Dense layers are rank-2 products without transposition: tfjs-backend-wasm 4.22 adds a fused bias wrongly to others.
 */
export function emitGraph(model: FoldedModel): Graph {
  const nodes: GraphNode[] = [
    {
      name: inputNode,
      op: "Placeholder",
      attr: { dtype: typeAttr("float32"), shape: { shape: tensorShape([-1, ...model.inputShape]) } },
    },
  ];
  const weights: GraphWeight[] = [];
  let previous: string = inputNode;
  for (const [index, layer] of model.layers.entries()) {
    const name = nodeName(model, index);
    const emitted = emitLayer(layer, name, previous);
    for (const weight of emitted.weights) {
      nodes.push(constant(weight.name, weight.type, weight.shape));
      weights.push(weight);
    }
    nodes.push(emitted.node);
    previous = name;
  }
  const [height, width, channels] = model.featureShape;
  const outputs = {
    logits: outputNodes.logits,
    embedding: { node: outputNodes.embedding, size: channels },
    featureMap: { node: outputNodes.featureMap, height, width, channels },
  };
  return { nodes, weights, signature: signatureOf(model), outputs };
}

/** Outputs have fixed names; another layer that was given one of them gets a dash behind it. */
function nodeName(model: FoldedModel, index: number): string {
  const layer = model.layers[index];
  if (index === model.layers.length - 1) return outputNodes.logits;
  if (layer?.kind === "global-average-pool") return outputNodes.embedding;
  if (model.layers[index + 1]?.kind === "global-average-pool") return outputNodes.featureMap;
  const name = layer?.name ?? "";
  return [inputNode, ...Object.values(outputNodes)].includes(name) ? `${name}-` : name;
}

/** A layer as a node of the graph, which reads the weights by name. */
export interface EmittedLayer {
  readonly node: GraphNode;
  readonly weights: readonly GraphWeight[];
}

function emitLayer(layer: FoldedLayer, name: string, input: string): EmittedLayer {
  switch (layer.kind) {
    case "convolution":
    case "depthwise":
      return emitConvolution(layer, name, input);
    case "dense":
      return emitDense(layer, name, input);
    case "global-average-pool":
      return emitMean(layer.name, name, input);
    case "max-pool":
      return { weights: [], node: maxPoolNode(layer, name, input) };
    default:
      return layer satisfies never;
  }
}

function maxPoolNode(layer: FoldedMaxPool, name: string, input: string): GraphNode {
  return {
    name,
    op: "MaxPool",
    input: [input],
    attr: {
      T: typeAttr("float32"),
      data_format: text("NHWC"),
      ksize: integers([1, ...layer.size, 1]),
      strides: integers([1, ...layer.strides, 1]),
      padding: text(layer.padding.toUpperCase()),
    },
  };
}

function emitConvolution(layer: FoldedConvolution, name: string, input: string): EmittedLayer {
  const weights = layerWeights(layer, name);
  return {
    weights,
    node: {
      name,
      op: layer.kind === "convolution" ? "_FusedConv2D" : "FusedDepthwiseConv2dNative",
      input: [input, ...weights.map((weight) => weight.name)],
      attr: {
        ...fusedAttrs(layer.activation),
        data_format: text("NHWC"),
        strides: integers([1, ...layer.strides, 1]),
        dilations: integers([1, 1, 1, 1]),
        ...paddingAttrs(layer.padding),
      },
    },
  };
}

/** A dense layer as a rank-2 product with its bias. @param name of the node  @param input node that gives `[batch, in]` */
export function emitDense(layer: FoldedDense, name: string, input: string): EmittedLayer {
  const weights = layerWeights(layer, name);
  return {
    weights,
    node: {
      name,
      op: "_FusedMatMul",
      input: [input, ...weights.map((weight) => weight.name)],
      attr: { ...fusedAttrs(layer.activation), transpose_a: { b: false }, transpose_b: { b: false } },
    },
  };
}

function emitMean(layer: string, name: string, input: string): EmittedLayer {
  const axes: GraphWeight = {
    name: `${name}/axes`,
    shape: [2],
    type: "int32",
    values: Int32Array.of(1, 2),
    role: "axes",
    layer,
  };
  return {
    weights: [axes],
    node: {
      name,
      op: "Mean",
      input: [input, axes.name],
      attr: { T: typeAttr("float32"), Tidx: typeAttr("int32"), keep_dims: { b: false } },
    },
  };
}

function layerWeights(layer: FoldedConvolution | FoldedDense, name: string): GraphWeight[] {
  const common = { type: "float32", layer: layer.name } as const;
  return [
    { ...common, name: `${name}/weights`, role: "kernel", shape: layer.shape, values: layer.weights },
    { ...common, name: `${name}/bias`, role: "bias", shape: [layer.bias.length], values: layer.bias },
  ];
}

function fusedAttrs(activation: "linear" | "relu"): Record<string, unknown> {
  return {
    T: typeAttr("float32"),
    num_args: integer(1),
    fused_ops: texts(activation === "relu" ? ["BiasAdd", "Relu"] : ["BiasAdd"]),
    epsilon: { f: 0 },
  };
}

function paddingAttrs(padding: Padding): Record<string, unknown> {
  if (typeof padding === "string") {
    return { padding: text(padding.toUpperCase()), explicit_paddings: { list: {} } };
  }
  const { top, bottom, left, right } = padding;
  return {
    padding: text("EXPLICIT"),
    explicit_paddings: integers([0, 0, top, bottom, left, right, 0, 0]),
  };
}

function signatureOf(model: FoldedModel): unknown {
  return {
    inputs: { [inputNode]: tensorInfo(inputNode, model.inputShape) },
    outputs: {
      logits: tensorInfo(outputNodes.logits, [model.classes]),
      embedding: tensorInfo(outputNodes.embedding, [model.featureShape[2]]),
      featureMap: tensorInfo(outputNodes.featureMap, model.featureShape),
    },
  };
}
