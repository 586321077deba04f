import type * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";

/** What an optimiser remembers, as plain values: per weight two moments, empty where it needs none; the steps done. */
export interface OptimizerState {
  readonly steps: number;
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
}

/** Moves a list of weights against their gradients; owns what it remembers of them. */
export interface Optimizer {
  /** Moves every weight one step. @param gradients in the order of the weights; the caller disposes of them */
  step(gradients: readonly tf.Tensor[], learningRate: number): void;
  /** A copy of what a resumed run needs. */
  save(): OptimizerState;
  /** Continues from a saved state of the same weights. @throws invalid_argument when it is that of others */
  restore(state: OptimizerState): void;
  /** Frees what it remembers. */
  dispose(): void;
}

/** The error for a saved state that does not fit the weights. */
export function otherState(): AppError {
  return new AppError("invalid_argument", "the saved optimiser state belongs to another model or optimiser");
}
