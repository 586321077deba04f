import type { Plan, PlanStep } from "./steps.ts";

/** Multiplications with an addition that one image takes, those of convolutions and dense layers. */
export function multiplyAddsOf(plan: Plan): number {
  return plan.steps.reduce((sum, step) => sum + multiplyAddsOfStep(step), 0);
}

function multiplyAddsOfStep(step: PlanStep): number {
  if (step.kind !== "convolution" && step.kind !== "depthwise") return 0;
  const { source, target, window } = step;
  const taps = target.rows * target.columns * target.channels * window.rows * window.columns;
  return step.kind === "depthwise" ? taps : taps * source.channels;
}

/** What a waiting request pays for at most: about 1 ms, thrice that in code that has just been compiled. */
const affordableMultiplyAdds = 20e6;

/**
 * Golden vectors that a load checks while a request waits: all of a small net, at least one of a large one, whose
 * every vector costs as much as a request. The release checked all of them with the same code and the same bits.
 * @returns the limit for a self-test, `undefined` for no limit
 */
export function vectorsAtLoad(plan: Plan | undefined): number | undefined {
  if (plan === undefined) return undefined;
  return Math.max(1, Math.floor(affordableMultiplyAdds / multiplyAddsOf(plan)));
}
