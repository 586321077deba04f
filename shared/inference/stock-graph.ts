import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../contract/errors.ts";
import { normalize } from "../image/normalize.ts";
import type { Bundle } from "./bundle.ts";
import type { GraphNode } from "./graph-model.ts";
import type { Inference, InferenceOutputs, LoadedGraph } from "./loaded-graph.ts";
import { runStockNode } from "./stock-kernels.ts";
import { notFinite, storedWeights, weightValues } from "./stored-weight.ts";
import { integerConstants } from "./weights.ts";

/**
 * Puts a bundle's weights, dequantised, into the WASM memory as tensors, for tfjs's own kernels to run node by node.
 * What our kernels compute is measured against it, and it serves where they disagree or lack an operation.
 * The caller must dispose of the graph.
 * @throws {AppError} unsupported_model when a weight is not finite
 */
export function loadStockGraph(bundle: Bundle): LoadedGraph {
  const weights = loadWeights(bundle);
  const constants = integerConstants(bundle.weights);
  const nodes = bundle.model.modelTopology.node.filter((node) => node.op !== "Const");
  const { inputNode, inputShape } = bundle.graph;
  const { manifest } = bundle;
  const { logits, embedding, featureMap } = manifest.outputs;
  const [, height = 0, width = 0, channels = 0] = inputShape;
  const buffer = new Float32Array(height * width * channels);
  let disposed = false;

  function execute(input: tf.Tensor, outputs: readonly string[]): Float32Array[] {
    const tensors = new Map(weights).set(inputNode, input);
    for (const node of neededNodes(nodes, outputs)) {
      if (node.name !== inputNode) tensors.set(node.name, runStockNode(node, tensors, constants));
    }
    return outputs.map((output) => tensors.get(output)?.dataSync<"float32">() ?? new Float32Array());
  }

  function run(nhwc: Float32Array, batch: number, wanted: InferenceOutputs): Inference {
    if (disposed) throw new AppError("internal", "the model was disposed of and cannot run");
    const embeddingNode = wanted.embedding === true ? embedding?.node : undefined;
    const featureMapNode = wanted.featureMap === true ? featureMap?.node : undefined;
    if ((wanted.embedding === true && !embeddingNode) || (wanted.featureMap === true && !featureMapNode)) {
      throw new AppError("invalid_argument", "the model has no such output; its manifest lists those it has");
    }
    const names = [logits, embeddingNode, featureMapNode].filter((node) => node !== undefined);
    let values: Float32Array[] = [];
    tf.tidy(() => {
      values = execute(tf.tensor4d(nhwc, [batch, height, width, channels]), names);
    });
    const [logitValues = new Float32Array(), ...others] = values;
    const embeddingValues = embeddingNode === undefined ? undefined : others.shift();
    const featureMapValues = others.shift();
    return {
      logits: logitValues,
      ...(embeddingValues === undefined ? {} : { embedding: embeddingValues }),
      ...(featureMapValues === undefined ? {} : { featureMap: featureMapValues }),
    };
  }

  return {
    engine: "tfjs",
    run,
    runImage: (image, outputs) => run(normalize(image, manifest.input, buffer), 1, outputs),
    dispose: () => {
      if (disposed) return;
      disposed = true;
      for (const tensor of weights.values()) tensor.dispose();
    },
  };
}

function loadWeights(bundle: Bundle): ReadonlyMap<string, tf.Tensor> {
  const tensors = new Map<string, tf.Tensor>();
  try {
    for (const [name, stored] of storedWeights(bundle.weights)) {
      const values = weightValues(stored);
      if (!values.every(Number.isFinite)) throw notFinite(name);
      tensors.set(name, tf.keep(tf.tensor(values, [...stored.shape])));
    }
  } catch (error) {
    for (const tensor of tensors.values()) tensor.dispose();
    throw error;
  }
  return tensors;
}

/** The nodes that the outputs come from, in the order they have. */
function neededNodes(nodes: readonly GraphNode[], outputs: readonly string[]): GraphNode[] {
  const needed = new Set(outputs);
  for (const node of nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.input) needed.add(input.replace(/:0$/, ""));
  }
  return nodes.filter((node) => needed.has(node.name));
}
