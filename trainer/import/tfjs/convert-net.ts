import type { Graph, GraphWeight } from "../../release/graph-model.ts";
import { integers, tensorInfo, tensorShape, typeAttr } from "../../release/graph-nodes.ts";
import { outputLength, resolvePadding, resolvePoolPadding } from "../../release/padding.ts";
import type { Value } from "../conversion.ts";
import {
  addActivation,
  addMean,
  addReshape,
  createGraphBuilder,
  fusedAttributes,
  type GraphBuilder,
  windowAttributes,
} from "../graph-builder.ts";
import { type FusedNode, fuseNet, outputsOf } from "./fuse-net.ts";
import { cannotImport, type Net } from "./net.ts";
import { storeKernel } from "./store-kernel.ts";

/** A net as a GraphModel of the operations that the Worker runs. */
export interface ConvertedNet {
  readonly graph: Graph;
  readonly classes: number;
}

interface Emission {
  readonly builder: GraphBuilder;
  readonly values: Map<string, Value>;
  /** The last mean over height and width: what went in and what came out. */
  pooling: { readonly featureMap: Value; readonly pooled: Value } | null;
}

type NodeOf<K extends FusedNode["kind"]> = Extract<FusedNode, { readonly kind: K }>;

/**
 * Compiles a net: fused nodes, padding spelled out in the convolutions, softmax at the end left out.
 * @throws unsupported_model naming what cannot be compiled, budget_exceeded for more weights than a Worker holds
 */
export function convertNet(net: Net): ConvertedNet {
  const { name, height, width } = net.input;
  const builder = createGraphBuilder();
  builder.add(name, "Placeholder", [], {
    dtype: typeAttr("float32"),
    shape: { shape: tensorShape([-1, height, width, 3]) },
  });
  const placeholder: Value = { node: name, shape: [1, height, width, 3], border: null };
  const emission: Emission = { builder, values: new Map([[name, placeholder]]), pooling: null };
  const { nodes, output } = fuseNet(net.nodes, net.output);
  const last = nodes.find((node) => node.name === output);
  const logits = last?.kind === "softmax" ? last.inputs[0] : output;
  for (const node of nodes) {
    if (node !== last || node.kind !== "softmax") emission.values.set(node.name, emit(emission, node));
  }
  const value = emission.values.get(logits ?? "");
  const [, classes = 0] = value?.shape ?? [];
  if (value === undefined || value.shape.length !== 2 || classes < 2) {
    throw cannotImport(
      "the model",
      `it gives [${value?.shape.join(", ") ?? ""}]; allowed is one row of 2 classes or more`,
    );
  }
  addReshape(builder, "logits", value.node, [classes]);
  return {
    classes,
    graph: {
      nodes: builder.nodes,
      weights: builder.weights,
      signature: {
        inputs: { [name]: tensorInfo(name, [height, width, 3]) },
        outputs: { logits: tensorInfo("logits", [classes]) },
      },
      outputs: { logits: "logits", ...featuresOf(emission) },
    },
  };
}

function emit(emission: Emission, node: FusedNode): Value {
  switch (node.kind) {
    case "fused":
      return node.step.kind === "dense" ? emitDense(emission, node) : emitConvolution(emission, node);
    case "scale":
      return emitScale(emission, node);
    case "activation": {
      const input = plainInput(emission, node, 0);
      return { ...input, node: addActivation(emission.builder, input.node, node.activation) };
    }
    case "pad":
      return emitPad(emission, node);
    case "max-pool":
    case "average-pool":
      return emitPool(emission, node);
    case "mean":
      return emitMean(emission, plainInput(emission, node, 0), node.name, node.keepsDimensions);
    case "add":
      return emitAdd(emission, node);
    case "reshape":
      return emitReshape(emission, node);
    case "softmax":
      throw cannotImport(node.name, "softmax may only be the last step");
    default:
      return node satisfies never;
  }
}

/** Zeros wait for the convolution that reads them: tfjs's kernels add them on their way. */
function emitPad(emission: Emission, node: NodeOf<"pad">): Value {
  const { border, ...value } = anyInput(emission, node, 0);
  if (border === null && value.shape.length === 4) return { ...value, border: node.border };
  throw cannotImport(node.name, "only an image is padded, once");
}

function emitAdd(emission: Emission, node: NodeOf<"add">): Value {
  const [first, second, third] = node.inputs.map((_, position) => plainInput(emission, node, position));
  if (first === undefined || second === undefined || third !== undefined) {
    throw cannotImport(node.name, `it adds ${node.inputs.length} values, allowed are 2`);
  }
  const attr = { T: typeAttr("float32") };
  return { ...first, node: emission.builder.add(node.name, "AddV2", [first.node, second.node], attr) };
}

function emitConvolution(emission: Emission, node: NodeOf<"fused">): Value {
  const { step } = node;
  if (step.kind === "dense") throw cannotImport(node.name, "it is no convolution");
  const input = anyInput(emission, node, 0);
  const [, height, width, channels] = image(node, input);
  const [kernelHeight = 0, kernelWidth = 0, depth = 0] = step.weights.shape;
  if (depth !== channels) throw cannotImport(node.name, `it reads ${depth} channels, it gets ${channels}`);
  const rows = { input: height, window: kernelHeight, stride: step.strides[0] };
  const columns = { input: width, window: kernelWidth, stride: step.strides[1] };
  if (input.border !== null && step.padding !== "valid") {
    throw cannotImport(node.name, "it reads a padded image and pads by itself");
  }
  const wanted = input.border ?? step.padding;
  const padding = typeof wanted === "string" ? resolvePadding(wanted, rows, columns) : wanted;
  const op = step.kind === "depthwise" ? "FusedDepthwiseConv2dNative" : "_FusedConv2D";
  emission.builder.add(node.name, op, [input.node, ...addWeights(emission.builder, node)], {
    ...fusedAttributes(node.activation),
    ...windowAttributes(step.strides, padding),
    dilations: integers([1, 1, 1, 1]),
  });
  const size = [outputLength(padding, rows, "rows"), outputLength(padding, columns, "columns")];
  return { node: node.name, shape: [1, ...size, outputsOf(step)], border: null };
}

function emitDense(emission: Emission, node: NodeOf<"fused">): Value {
  const { builder } = emission;
  const input = flat(emission, plainInput(emission, node, 0), node.name);
  const [inputs, outputs = 0] = node.step.weights.shape;
  if (inputs !== input.shape[1]) {
    throw cannotImport(node.name, `it reads ${inputs} values, it gets [${input.shape.join(", ")}]`);
  }
  builder.add(node.name, "_FusedMatMul", [input.node, ...addWeights(builder, node)], {
    ...fusedAttributes(node.activation),
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  return { node: node.name, shape: [1, outputs], border: null };
}

/** A dense layer behind pooling that kept its dimensions gets one row. */
function flat({ builder }: Emission, value: Value, name: string): Value {
  const [, height, width, channels = 0] = value.shape;
  if (value.shape.length !== 4 || height !== 1 || width !== 1) return value;
  const node = addReshape(builder, `${name}/rows`, value.node, [channels]);
  return { node, shape: [1, channels], border: null };
}

function emitScale({ builder, values }: Emission, node: NodeOf<"scale">): Value {
  const input = values.get(node.inputs[0] ?? "");
  const channels = input?.shape.at(-1) ?? 0;
  if (input === undefined || input.border !== null) throw cannotImport(node.name, "it scales a padded image");
  const add = (what: string, op: string, from: string, numbers: Float64Array): string => {
    if (numbers.length !== 1 && numbers.length !== channels) {
      throw cannotImport(node.name, `it has ${numbers.length} channels, its input ${channels}`);
    }
    const weight = builder.addConstant({
      name: `${node.name}/${what}`,
      shape: [...input.shape.slice(1).map(() => 1), numbers.length],
      type: "float32",
      values: Float32Array.from(numbers),
      role: "bias",
      layer: node.name,
    });
    return builder.add(`${node.name}/${what}-applied`, op, [from, weight], { T: typeAttr("float32") });
  };
  const scaled = add("factors", "Mul", input.node, node.factors);
  return { ...input, node: add("addends", "AddV2", scaled, node.addends) };
}

function emitPool(emission: Emission, node: NodeOf<"max-pool" | "average-pool">): Value {
  const input = plainInput(emission, node, 0);
  const [, height, width, channels] = image(node, input);
  const whole = node.padding === "valid" && node.size[0] === height && node.size[1] === width;
  if (whole && node.kind === "average-pool") return emitMean(emission, input, node.name, true);
  const rows = { input: height, window: node.size[0], stride: node.strides[0] };
  const columns = { input: width, window: node.size[1], stride: node.strides[1] };
  const padding = resolvePoolPadding(node.padding, rows, columns, node.name);
  emission.builder.add(node.name, node.kind === "max-pool" ? "MaxPool" : "AvgPool", [input.node], {
    T: typeAttr("float32"),
    ...windowAttributes(node.strides, padding),
    ksize: integers([1, ...node.size, 1]),
  });
  const size = [outputLength(padding, rows, "rows"), outputLength(padding, columns, "columns")];
  return { node: node.name, shape: [1, ...size, channels], border: null };
}

function emitMean(emission: Emission, featureMap: Value, name: string, keepsDimensions: boolean): Value {
  const [, , , channels = 0] = featureMap.shape;
  if (featureMap.shape.length !== 4) throw cannotImport(name, "it pools what is no image");
  const node = addMean(emission.builder, name, featureMap.node, keepsDimensions);
  const shape = keepsDimensions ? [1, 1, 1, channels] : [1, channels];
  const pooled: Value = { node, shape, border: null };
  emission.pooling = { featureMap, pooled };
  return pooled;
}

function emitReshape(emission: Emission, node: NodeOf<"reshape">): Value {
  const input = plainInput(emission, node, 0);
  const elements = input.shape.reduce((product, size) => product * size, 1);
  const shape = node.shape ?? [elements];
  if (shape.reduce((product, size) => product * size, 1) !== elements) {
    throw cannotImport(node.name, `it makes [${shape.join(", ")}] of [${input.shape.join(", ")}]`);
  }
  if (input.shape.slice(1).join() === shape.join()) return input;
  const name = addReshape(emission.builder, node.name, input.node, shape);
  return { node: name, shape: [1, ...shape], border: null };
}

/** The pooled features and the map they were pooled from, where the model has them. */
function featuresOf({ pooling, builder }: Emission): Omit<Graph["outputs"], "logits"> {
  if (pooling === null) return {};
  const { featureMap, pooled } = pooling;
  const [, height = 0, width = 0, channels = 0] = featureMap.shape;
  const node =
    pooled.shape.length === 2 ? pooled.node : addReshape(builder, "embedding", pooled.node, [channels]);
  return {
    embedding: { node, size: channels },
    featureMap: { node: featureMap.node, height, width, channels },
  };
}

function addWeights(builder: GraphBuilder, layer: NodeOf<"fused">): string[] {
  const common = { type: "float32", layer: layer.name } as const;
  const { shape } = layer.step.weights;
  const bias = Float32Array.from(layer.bias);
  const weights: GraphWeight[] = [
    { ...common, name: `${layer.name}/weights`, role: "kernel", shape, ...storeKernel(layer) },
    { ...common, name: `${layer.name}/bias`, role: "bias", shape: [bias.length], values: bias },
  ];
  return weights.map((weight) => builder.addConstant(weight));
}

function anyInput({ values }: Emission, node: FusedNode, position: number): Value {
  const value = values.get(node.inputs[position] ?? "");
  if (value !== undefined) return value;
  throw cannotImport(node.name, `its input ${position} is not computed by a step before it`);
}

function plainInput(emission: Emission, node: FusedNode, position: number): Value {
  const value = anyInput(emission, node, position);
  if (value.border === null) return value;
  throw cannotImport(node.name, "it reads a padded image; only a convolution may follow padding");
}

function image(node: FusedNode, { shape }: Value): readonly [number, number, number, number] {
  const [batch = 0, height = 0, width = 0, channels = 0] = shape;
  if (shape.length === 4) return [batch, height, width, channels];
  throw cannotImport(node.name, `its input is [${shape.join(", ")}]; allowed is an image`);
}
