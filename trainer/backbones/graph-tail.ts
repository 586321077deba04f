import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { flag, fusedOps, integers, text } from "../../shared/inference/graph-attributes.ts";
import type { GraphNode } from "../../shared/inference/graph-model.ts";
import { parseModelJson } from "../../shared/inference/parse-model-json.ts";
import { writeModelFiles } from "../release/model-files.ts";
import { floats, type ModelWeight, OwnWeight } from "../training/weights.ts";
import { type Cut, tailOf } from "./graph-cut.ts";
import type { FeatureGraph } from "./feature-graph.ts";

/** The layers behind a cut, with weights that can be trained. */
export interface GraphTail {
  /** Kernels and biases, by their names in the graph. */
  readonly weights: readonly ModelWeight[];
  /** From what the cut gives, `[batch, height, width, channels]`, to the embedding, `[batch, size]`; differentiable. */
  forward(x: tf.Tensor): tf.Tensor;
  /** The weights' values, by name. */
  values(): ReadonlyMap<string, Float32Array>;
  dispose(): void;
}

/** Puts the weights behind a cut into variables of the backend that is active. @throws unsupported_model */
export function createTail(features: FeatureGraph, cut: Cut): GraphTail {
  const names = new Set(tailOf(features, cut).map(({ name }) => name));
  // Read back as a Worker reads it, so that nothing of the graph is understood in two ways.
  const nodes = parsedNodes(features).filter(({ name }) => names.has(name));
  const read = new Set(nodes.flatMap(({ input }) => input));
  const constants = features.weights.filter(({ name }) => read.has(name));
  const weights = constants.flatMap(({ name, shape, values }) =>
    values instanceof Float32Array ? [new OwnWeight(name, shape, values)] : [],
  );
  const byName = new Map(weights.map((weight) => [weight.name, weight]));
  const integerValues = new Map(
    constants.filter(({ type }) => type === "int32").map(({ name, values }) => [name, Array.from(values)]),
  );

  function forward(x: tf.Tensor): tf.Tensor {
    const results = new Map<string, tf.Tensor>([[cut.node, x]]);
    for (const node of nodes) {
      const inputs = node.input.map((name) => results.get(name) ?? byName.get(name)?.read());
      const axes = node.input.flatMap((name) => integerValues.get(name) ?? []);
      results.set(node.name, runNode(node, inputs, axes));
    }
    const embedding = results.get(features.embedding.node);
    if (embedding !== undefined) return embedding;
    throw new AppError("internal", "the embedding is not computed behind the cut");
  }

  return {
    weights,
    forward,
    values: () => new Map(weights.map((weight) => [weight.name, floats(weight.read())])),
    dispose: () => weights.forEach((weight) => weight.dispose()),
  };
}

function parsedNodes({ nodes, weights }: FeatureGraph): readonly GraphNode[] {
  const outputs = { logits: "" };
  const [model] = writeModelFiles({ nodes, weights, signature: {}, outputs }, () => "none").files;
  return parseModelJson(new TextDecoder().decode(model?.bytes)).modelTopology.node;
}

/** One operation in ops that have gradients. @param axes the int32 constant among its inputs */
function runNode(
  node: GraphNode,
  [x, second, bias]: readonly (tf.Tensor | undefined)[],
  axes: readonly number[],
): tf.Tensor {
  if (x === undefined) throw new AppError("internal", `node ${node.name} reads what is not computed`);
  switch (node.op) {
    case "_FusedConv2D":
    case "FusedDepthwiseConv2dNative":
      return activate(node, tf.add(convolve(node, x, second), required(node, bias)));
    case "AddV2":
      return tf.add(x, required(node, second));
    case "Relu":
      return tf.relu(x);
    case "Relu6":
      return tf.clipByValue(x, 0, 6);
    case "Mean":
      return tf.mean(x, [...axes], flag(node, "keep_dims"));
    case "Reshape":
      return tf.reshape(x, [...axes]);
    default:
      throw new AppError(
        "unsupported_model",
        `operation ${node.op} of ${node.name} cannot be trained; train a head`,
      );
  }
}

function convolve(node: GraphNode, x: tf.Tensor, kernel: tf.Tensor | undefined): tf.Tensor {
  const filter = required(node, kernel) as tf.Tensor4D;
  const [, down = 1, right = 1] = integers(node, "strides");
  const { image, padding } = padded(node, x as tf.Tensor4D);
  return node.op === "_FusedConv2D"
    ? tf.conv2d(image, filter, [down, right], padding)
    : tf.depthwiseConv2d(image, filter, [down, right], padding);
}

/** The image with the zeros that the node spells out, as kernels with gradients take no others than the usual ones. */
function padded(
  node: GraphNode,
  image: tf.Tensor4D,
): { readonly image: tf.Tensor4D; readonly padding: "same" | "valid" } {
  const padding = text(node, "padding", "").toLowerCase();
  if (padding === "same" || padding === "valid") return { image, padding };
  const [, , top = 0, bottom = 0, left = 0, right = 0] = integers(node, "explicit_paddings");
  const around: [number, number][] = [
    [0, 0],
    [top, bottom],
    [left, right],
    [0, 0],
  ];
  return { image: tf.pad(image, around), padding: "valid" };
}

function activate(node: GraphNode, x: tf.Tensor): tf.Tensor {
  const [, activation] = fusedOps(node);
  if (activation === "Relu6") return tf.clipByValue(x, 0, 6);
  return activation === "Relu" ? tf.relu(x) : x;
}

function required(node: GraphNode, tensor: tf.Tensor | undefined): tf.Tensor {
  if (tensor !== undefined) return tensor;
  throw new AppError("internal", `node ${node.name} lacks an input`);
}
