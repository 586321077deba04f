import type { Engine } from "../engine/engine.ts";
import { Adam } from "./adam.ts";
import type { TrainingConfig } from "./config.ts";
import { Muon } from "./muon.ts";
import type * as tf from "@tensorflow/tfjs-core";
import type { ModelWeight } from "./weights.ts";

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

/** Makes the optimiser that a training configuration asks for. */
export function createOptimizer(
  engine: Engine,
  weights: readonly ModelWeight[],
  { optimizer = "adam", weightDecay }: Pick<TrainingConfig, "optimizer" | "weightDecay">,
): Optimizer {
  return optimizer === "muon"
    ? new Muon(engine, weights, weightDecay)
    : new Adam(engine, weights, weightDecay);
}
