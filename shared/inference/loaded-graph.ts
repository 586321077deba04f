import { GraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../contract/errors.ts";
import type { Bundle } from "./bundle.ts";

/** Raw outputs for a batch, row-major. */
export interface Inference {
  /** [batch, C] */
  readonly logits: Float32Array;
  /** [batch, size], when asked for. */
  readonly embedding?: Float32Array;
  /** [batch, height, width, channels], when asked for. */
  readonly featureMap?: Float32Array;
}

/** Which outputs beside the logits are read back. */
export interface InferenceOutputs {
  readonly embedding?: boolean;
  readonly featureMap?: boolean;
}

/** A graph whose weights lie in the WASM memory. */
export interface LoadedGraph {
  /** Runs a batch. @param nhwc [batch, height, width, 3], checked by the caller */
  run(nhwc: Float32Array, batch: number, outputs: InferenceOutputs): Inference;
  /** Frees the weights; a second call does nothing. */
  dispose(): void;
}

/**
 * Puts a bundle's weights, dequantised, into the WASM memory. The caller must dispose of the graph.
 * @throws {AppError} engine_unavailable without the WASM backend, unsupported_model when a kernel is missing
 */
export function loadGraph(bundle: Bundle): LoadedGraph {
  requireKernels(bundle.graph.kernels);
  const model = loadGraphModel(bundle);
  const { inputNode, inputShape } = bundle.graph;
  const { logits, embedding, featureMap } = bundle.manifest.outputs;
  const [, height = 0, width = 0, channels = 0] = inputShape;
  let disposed = false;

  function run(nhwc: Float32Array, batch: number, outputs: InferenceOutputs): Inference {
    if (disposed) throw new AppError("internal", "the model was disposed of and cannot run");
    const embeddingNode = outputs.embedding === true ? embedding?.node : undefined;
    const featureMapNode = outputs.featureMap === true ? featureMap?.node : undefined;
    if ((outputs.embedding === true && !embeddingNode) || (outputs.featureMap === true && !featureMapNode)) {
      throw new AppError("invalid_argument", "the model has no such output; its manifest lists those it has");
    }
    const nodes = [logits, embeddingNode, featureMapNode].filter((node) => node !== undefined);
    const [logitValues, ...others] = tf.tidy(() => {
      const input = tf.tensor4d(nhwc, [batch, height, width, channels]);
      return [model.execute({ [inputNode]: input }, nodes)]
        .flat()
        .map((tensor) => tensor.dataSync<"float32">());
    });
    if (logitValues === undefined) throw new AppError("internal", "the graph gave no logits");
    const embeddingValues = embeddingNode === undefined ? undefined : others.shift();
    const featureMapValues = others.shift();
    return {
      logits: logitValues,
      ...(embeddingValues === undefined ? {} : { embedding: embeddingValues }),
      ...(featureMapValues === undefined ? {} : { featureMap: featureMapValues }),
    };
  }

  function dispose(): void {
    if (disposed) return;
    disposed = true;
    model.dispose();
  }

  return { run, dispose };
}

/** tfjs would fail at the first request, in the middle of the graph; this fails before anything is allocated. */
function requireKernels(kernels: readonly string[]): void {
  const backend = tf.getBackend();
  if (backend !== "wasm") {
    throw new AppError(
      "engine_unavailable",
      `tfjs computes on the backend ${backend || "(none)"}, models run on wasm; call installWasmBackend first`,
    );
  }
  const missing = kernels.filter((kernel) => tf.getKernel(kernel, backend) === undefined);
  if (missing.length > 0) {
    throw new AppError(
      "unsupported_model",
      `the model needs the tfjs kernels ${missing.join(", ")}, which are not registered`,
    );
  }
}

function loadGraphModel(bundle: Bundle): GraphModel<tf.io.IOHandlerSync> {
  const artifacts: tf.io.ModelArtifacts = {
    // only what was checked reaches tfjs: no signature, no function library, no initializer
    modelTopology: { ...bundle.model.modelTopology, versions: { producer: 0, minConsumer: 0 } },
    weightSpecs: bundle.weights.specs.map(({ quantization, ...spec }) => ({
      ...spec,
      ...(quantization === undefined ? {} : { quantization }),
    })),
    weightData: bundle.weights.bytes.buffer,
  };
  const model = new GraphModel<tf.io.IOHandlerSync>({ load: () => artifacts });
  tf.tidy(() => {
    // inside tidy, so that the weights read before a failure are freed
    model.load();
    for (const tensors of Object.values(model.weights)) tensors.forEach((tensor) => tf.keep(tensor));
  });
  // GraphModel keeps the artifacts for save(); the stored weights would stay in memory beside the tensors
  delete artifacts.weightData;
  return model;
}
