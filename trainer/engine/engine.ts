import type * as tf from "@tensorflow/tfjs-core";

/** What computes: our WASM engine, or TensorFlow's native library on the processor or on an NVIDIA card. */
export type EngineName = "wasm" | "native-cpu" | "native-gpu";

/** What the caller asks for; `auto` takes the fastest that works. */
export type EngineChoice = "auto" | EngineName;

/** What a batch normalization in training mode gives. */
export interface NormalizedBatch {
  /** The shape of the input. */
  readonly y: tf.Tensor;
  /** `[channels]`, of this batch. */
  readonly mean: tf.Tensor;
  /** `[channels]`, of this batch, biased (divided by the number of rows). */
  readonly variance: tf.Tensor;
}

/** The numbers of one step of Adam. */
export interface AdamStep {
  /** Learning rate with the bias corrections of both moments in it. */
  readonly rate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  /** Share of each parameter that the step removes (decoupled weight decay); 0 = none. */
  readonly decay: number;
}

/** The running averages of one parameter's gradient and of its square, of the parameter's shape. */
export interface AdamMoments {
  readonly first: tf.Tensor;
  readonly second: tf.Tensor;
}

/** One way to compute a training step; everything else goes through tfjs ops on `backendName`. */
export interface Engine {
  readonly name: EngineName;
  /** The tfjs backend. */
  readonly backendName: "wasm" | "tensorflow";
  /** Exact versions of the packages that make the numbers. */
  readonly packages: Readonly<Record<string, string>>;
  /** One line each: why an engine that was asked for does not run. */
  readonly notices: readonly string[];
  /** Makes tfjs compute on this engine; others may have switched the backend meanwhile. */
  activate(): Promise<void>;
  /**
   * Batch normalization by the batch's own statistics, then ReLU where asked; differentiable in `x`, `gamma`, `beta`.
   * @param x `[..., channels]`  @param gamma `[channels]`  @param beta `[channels]`
   */
  normalizeBatch(
    x: tf.Tensor,
    gamma: tf.Tensor,
    beta: tf.Tensor,
    options: { readonly epsilon: number; readonly relu: boolean },
  ): NormalizedBatch;
  /**
   * One step of Adam for one parameter.
   * @returns the parameter's new value and the new moments; the caller disposes of the old ones, unless they are
   *   the same tensors, updated in place
   */
  adamStep(
    parameter: tf.Tensor,
    gradient: tf.Tensor,
    moments: AdamMoments,
    step: AdamStep,
  ): AdamMoments & { readonly parameter: tf.Tensor };
}
