import type { RgbImage } from "../image/rgb-image.ts";

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

/** What computes a graph: our kernels by a compiled plan, in floats or in integers, or stock tfjs node by node. */
export type GraphEngine = "plan" | "integer-plan" | "tfjs";

/** A graph whose weights lie in the WASM memory. */
export interface LoadedGraph {
  readonly engine: GraphEngine;
  /** Runs a batch. @param nhwc [batch, height, width, 3], checked by the caller */
  run(nhwc: Float32Array, batch: number, outputs: InferenceOutputs): Inference;
  /** Runs one decoded image, normalised on the way. @throws invalid_argument when it has another size */
  runImage(image: RgbImage, outputs: InferenceOutputs): Inference;
  /** Frees the weights; a second call does nothing. */
  dispose(): void;
}
