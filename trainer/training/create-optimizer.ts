import type { Engine } from "../engine/engine.ts";
import { Adam } from "./adam.ts";
import type { TrainingConfig } from "./config.ts";
import { Muon } from "./muon.ts";
import type { Optimizer } from "./optimizer.ts";
import type { ModelWeight } from "./weights.ts";

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
