import type { TrainingConfig } from "./config.ts";

/** Of a one-cycle run: the share of its steps that rise, and the first rate as a share of the highest. */
const rise = 0.3;
const firstShare = 1 / 25;

/**
 * The learning rate of one step: a linear rise over the warm-up, then constant or half a cosine down to zero; or one
 * cycle of half a cosine up and another down to zero (Smith & Topin 2018).
 * @param step counted from 0  @param totalSteps of the whole run
 */
export function learningRateAt(
  step: number,
  totalSteps: number,
  config: Pick<TrainingConfig, "learningRate" | "warmupSteps" | "schedule">,
): number {
  const { learningRate, schedule } = config;
  if (schedule === "one-cycle") {
    const peak = rise * totalSteps;
    if (step >= peak) return learningRate * fallingCosine((step - peak) / Math.max(1, totalSteps - peak));
    return learningRate * (firstShare + (1 - firstShare) * (1 - fallingCosine(step / peak)));
  }
  // a run shorter than its warm-up still reaches the full rate half-way
  const warmupSteps = Math.min(config.warmupSteps, Math.floor(totalSteps / 2));
  if (step < warmupSteps) return (learningRate * (step + 1)) / warmupSteps;
  if (schedule === "constant") return learningRate;
  const progress = (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
  return learningRate * fallingCosine(progress);
}

/** From 1 to 0 as `progress` goes from 0 to 1. */
function fallingCosine(progress: number): number {
  return 0.5 * (1 + Math.cos(Math.PI * Math.min(1, progress)));
}
