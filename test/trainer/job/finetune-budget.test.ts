import { describe, expect, it } from "vitest";
import { startDeadline, startPart } from "../../../trainer/job/deadline.ts";
import { estimateFinetuneMs, fitFinetunePlan } from "../../../trainer/job/finetune-budget.ts";
import type { FinetunePlan } from "../../../trainer/job/plan.ts";

const plan: FinetunePlan = {
  mode: "finetune",
  backbone: "mobilenet-v1-0.5-160",
  size: 152,
  teacher: "mobilenet-v2-1.0-224",
  teacherShare: 0.7,
  views: 6,
  seed: 1,
  epochs: 6,
  batchSize: 32,
  learningRate: 0.001,
  tailRate: 0.1,
  weightDecay: 0.01,
};

const images = Array.from({ length: 250 }, (_, i) => ({
  path: `${i}.jpg`,
  sha256: String(i).padStart(64, "0"),
  bytes: 1,
  width: 500,
  height: 375,
  label: i % 2 === 0 ? "ants" : "bees",
  split: (["validation", "calibration", "test", "test"] as const)[i % 10] ?? ("train" as const),
  perceptualHash: "0".repeat(16),
}));
const facts = { dataset: { images, labels: ["ants", "bees"] }, decodeMs: 2, imageMs: 3 };
const free = { views: false, teacher: false };

describe("a plan for last layers", () => {
  const wholeMs = estimateFinetuneMs(plan, facts);

  it("stays as it is where there is time", () => {
    expect(fitFinetunePlan(plan, free, facts, Infinity)).toEqual({ plan, why: "as asked" });
    expect(fitFinetunePlan(plan, free, facts, wholeMs).plan).toEqual(plan);
  });

  it.for([0.9, 0.7, 0.5, 0.35])("takes fewer views, then no teacher, in %f of its time", (share) => {
    const fitted = fitFinetunePlan(plan, free, facts, share * wholeMs);
    if (fitted.plan.mode !== "finetune") throw new Error("no plan for last layers");
    expect(estimateFinetuneMs(fitted.plan, facts)).toBeLessThanOrEqual(share * wholeMs);
    expect(fitted.plan).not.toEqual(plan);
    expect(fitted.plan.teacher === null).toBe(share < 0.5);
    expect(fitted.why).toMatch(/as asked; \d of 6 views of each image fit/);
  });

  it("keeps what was asked for, and says what else to do", () => {
    expect(() => fitFinetunePlan(plan, { views: true, teacher: true }, facts, 0.9 * wholeMs)).toThrow(
      /tuning mobilenet-v1-0.5-160 takes about \d+ s at the least, \d+ s are left; allow a longer --budget/,
    );
    expect(() => fitFinetunePlan(plan, free, facts, 0)).toThrow(/0 s are left/);
  });
});

describe("a part of the time", () => {
  it("begins when it is first asked, and is endless without a budget", () => {
    let now = 0;
    const deadline = startDeadline(100, () => now);
    const leftMs = startPart(deadline, () => deadline.leftMs() / 2);
    now = 20;
    expect(leftMs()).toBe(40);
    now = 90;
    expect(leftMs()).toBe(-30);
    expect(startPart(startDeadline(null), () => 1)()).toBe(Infinity);
  });
});
