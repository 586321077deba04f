import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { codecSha256 } from "../../shared/image/codec-digest.ts";
import { convertTflite } from "../import/convert-tflite.ts";
import { readTfliteFile } from "../import/tflite-file.ts";
import { emitDense, type Graph, type GraphWeight } from "../release/graph-model.ts";
import { constant, type GraphNode, tensorInfo, tensorShape, texts } from "../release/graph-nodes.ts";
import type { Backbone, BackboneOrigin } from "./registry.ts";

/** A net without its classifier: from an image to its pooled features. */
export interface FeatureGraph {
  readonly backbone: BackboneOrigin;
  readonly input: InputSpec;
  readonly nodes: readonly GraphNode[];
  /** Imported weights keep the codes of their file. */
  readonly weights: readonly GraphWeight[];
  readonly embedding: { readonly node: string; readonly size: number };
  /** The classifier that the net came with, of the classes that it was trained to tell apart. */
  readonly known?: LinearHead;
  /** Where the features are computed in integers. */
  readonly activationGrids?: Graph["activationGrids"];
  readonly featureMap: {
    readonly node: string;
    readonly height: number;
    readonly width: number;
    readonly channels: number;
  };
}

/**
 * Takes the features out of a backbone's file.
 * @param file of the backbone, its digest compared
 * @param size pixels of the square input; the net is all convolutions, so that it may be another than it was trained with
 * @throws unsupported_model when the file has no pooled features, and what {@link convertTflite} throws
 */
export function readFeatures(
  backbone: Backbone,
  file: Uint8Array,
  size: number = backbone.size,
): FeatureGraph {
  const { graph, input } = convertTflite(readTfliteFile(file));
  const features = featuresOf(graph, backbone, { ...backbone.pixels, ...input, codecSha256 });
  const { featureMap } = features;
  const side = Math.ceil(size / (input.height / featureMap.height));
  return {
    ...features,
    input: { ...features.input, width: size, height: size },
    nodes: features.nodes.map((node) => resized(node, size)),
    featureMap: { ...featureMap, height: side, width: side },
  };
}

/**
 * Leaves of a classifier what its pooled features are computed by.
 * @param input what the graph takes
 * @throws unsupported_model, naming the nodes, when it pools no features
 */
export function featuresOf(graph: Graph, backbone: BackboneOrigin, input: InputSpec): FeatureGraph {
  const { embedding, featureMap } = graph.outputs;
  if (embedding === undefined || featureMap === undefined) throw withoutFeatures(graph, backbone);
  const kept = ancestors(graph.nodes, [embedding.node, featureMap.node]);
  const known = classifierOf(graph, embedding.size, kept);
  return {
    backbone,
    input,
    nodes: graph.nodes.filter(({ name }) => kept.has(name)),
    weights: graph.weights.filter(({ name }) => kept.has(name)),
    embedding,
    featureMap,
    ...(known === undefined ? {} : { known }),
    ...(graph.activationGrids === undefined ? {} : { activationGrids: graph.activationGrids }),
  };
}

/** Nodes of a net without features that its error names, from the last one on. */
const mostNamed = 12;

function withoutFeatures({ nodes }: Graph, { name }: BackboneOrigin): AppError {
  const steps = nodes.filter(({ op }) => op !== "Const").map((node) => `${node.name} (${node.op})`);
  const named = steps.slice(-mostNamed).join(", ");
  return new AppError(
    "unsupported_model",
    `${name} has no features pooled over the image, a Mean over height and width; ` +
      `its ${steps.length > mostNamed ? `last of ${steps.length} ` : ""}nodes are ${named}`,
  );
}

/** The linear layer right behind the features, with nothing behind its sums: a convolution of their one pixel, or a dense layer. */
function classifierOf(
  { nodes, weights }: Graph,
  size: number,
  kept: ReadonlySet<string>,
): LinearHead | undefined {
  const values = new Map(weights.map((weight) => [weight.name, weight.values]));
  for (const { name, attr, input: [before = "", kernel = "", bias = ""] = [] } of nodes) {
    if (kept.has(name) || !kept.has(before) || JSON.stringify(attr["fused_ops"]) !== sumsOnly) continue;
    const head = { weights: values.get(kernel), bias: values.get(bias) };
    if (isLinearHead(head) && head.weights.length === size * head.bias.length) return head;
  }
  return undefined;
}

const sumsOnly = JSON.stringify(texts(["BiasAdd"]));

function isLinearHead(head: { readonly weights: unknown; readonly bias: unknown }): head is LinearHead {
  return head.weights instanceof Float32Array && head.bias instanceof Float32Array;
}

/** The same net, computed in float32. */
export function inFloats(features: FeatureGraph): FeatureGraph {
  const { activationGrids: _, ...rest } = features;
  return rest;
}

/** The same net with other weights, which keep no codes of the file, so that it is computed in float32. @param values by the weights' names */
export function replaceWeights(
  features: FeatureGraph,
  values: ReadonlyMap<string, Float32Array>,
): FeatureGraph {
  const weights = features.weights.map((weight): GraphWeight => {
    const replaced = values.get(weight.name);
    if (replaced === undefined) return weight;
    const { stored: _, ...rest } = weight;
    return { ...rest, values: replaced };
  });
  return inFloats({ ...features, weights });
}

/** A linear classifier on pooled features. */
export interface LinearHead {
  /** `[size, classes]`, row-major. */
  readonly weights: Float32Array;
  /** `[classes]` */
  readonly bias: Float32Array;
}

/** The whole classifier as a GraphModel: the features as they are, and a dense layer behind them. */
export function attachHead(
  { nodes, weights, input, embedding, featureMap, activationGrids }: FeatureGraph,
  head: LinearHead,
): Graph {
  const { size } = embedding;
  const classes = head.bias.length;
  const dense = emitDense(
    { ...head, kind: "dense", name: "logits", shape: [size, classes], activation: "linear" },
    "logits",
    embedding.node,
  );
  const constants = dense.weights.map(({ name, type, shape }) => constant(name, type, shape));
  const { width, height } = input;
  return {
    nodes: [...nodes, ...constants, dense.node],
    weights: [...weights, ...dense.weights],
    signature: {
      inputs: { input: tensorInfo("input", [height, width, 3]) },
      outputs: {
        logits: tensorInfo("logits", [classes]),
        embedding: tensorInfo(embedding.node, [size]),
        featureMap: tensorInfo(featureMap.node, [featureMap.height, featureMap.width, featureMap.channels]),
      },
    },
    outputs: { logits: "logits", embedding, featureMap },
    ...(activationGrids === undefined ? {} : { activationGrids }),
  };
}

/** Names of the nodes that `wanted` are computed from, and their own. */
function ancestors(nodes: readonly GraphNode[], wanted: readonly string[]): ReadonlySet<string> {
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const found = new Set<string>();
  const open = [...wanted];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (found.has(name)) continue;
    found.add(name);
    open.push(...(byName.get(name)?.input ?? []));
  }
  return found;
}

function resized(node: GraphNode, size: number): GraphNode {
  if (node.op !== "Placeholder") return node;
  return { ...node, attr: { ...node.attr, shape: { shape: tensorShape([-1, size, size, 3]) } } };
}
