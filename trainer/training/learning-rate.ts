import type { TrainingConfig } from "./config.ts";

/**
 * The learning rate of one step: a linear rise over the warm-up, then constant or half a cosine down to zero.
 * @param step counted from 0  @param totalSteps of the whole run
 */
export function learningRateAt(
  step: number,
  totalSteps: number,
  config: Pick<TrainingConfig, "learningRate" | "warmupSteps" | "schedule">,
): number {
  const { learningRate, schedule } = config;
  // a run shorter than its warm-up still reaches the full rate half-way
  const warmupSteps = Math.min(config.warmupSteps, Math.floor(totalSteps / 2));
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (schedule === "constant") return learningRate;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
