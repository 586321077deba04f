import { beforeAll, describe, expect, it } from "vitest";
import { multiplyAddsOf, vectorsAtLoad } from "../../../shared/inference/plan/cost.ts";
import type { Plan } from "../../../shared/inference/plan/steps.ts";
import { handMadeBundle } from "../../fixtures/hand-made-bundle.ts";
import { openHandMade } from "./open-hand-made.ts";

describe("the cost of a plan", () => {
  let plan: Plan;

  beforeAll(async () => {
    const opened = (await openHandMade(await handMadeBundle({ size: 32 }))).plan;
    if (opened === undefined) throw new Error("the hand-made model has no plan");
    plan = opened;
  });

  it("is that of its convolutions and dense layers", () => {
    const [stem, blur, dense] = [32 * 32 * 3 * 8, 16 * 16 * 9 * 8, 8 * 3];
    expect(multiplyAddsOf(plan)).toBe(stem + blur + dense);
  });

  it("lets a load check every golden vector of a small net", () => {
    expect(vectorsAtLoad(plan)).toBeGreaterThanOrEqual(16);
  });

  it("lets a load check one of a large net, all of one without a plan", () => {
    const many = { ...plan, steps: Array.from({ length: 5000 }, () => plan.steps).flat() };
    expect(vectorsAtLoad(many)).toBe(1);
    expect(vectorsAtLoad(undefined)).toBeUndefined();
  });
});
