import { describe, expect, it } from "vitest";
import { learningRateAt } from "../../../trainer/training/learning-rate.ts";

const cosine = { learningRate: 0.1, warmupSteps: 10, schedule: "cosine" } as const;
const rates = (total: number, config: Parameters<typeof learningRateAt>[2]): number[] =>
  Array.from({ length: total }, (_, step) => learningRateAt(step, total, config));

describe("learningRateAt", () => {
  it("rises in equal steps to the full rate, then falls to nearly nothing and never rises again", () => {
    const values = rates(110, cosine);
    expect(values[0]).toBeCloseTo(0.01);
    expect(values[4]).toBeCloseTo(0.05);
    expect(values[9]).toBeCloseTo(0.1);
    expect(values[10]).toBeCloseTo(0.1);
    expect(values[60]).toBeCloseTo(0.05);
    expect(values[109]).toBeLessThan(0.0001);
    for (let step = 11; step < 110; step++) expect(values[step]).toBeLessThan(values[step - 1] ?? 0);
  });

  it("goes up for three tenths of a one-cycle run and down to nearly nothing, without a warm-up", () => {
    const values = rates(100, { ...cosine, schedule: "one-cycle" });
    expect(values[0]).toBeCloseTo(0.004);
    expect(values[15]).toBeCloseTo(0.052);
    expect(values[30]).toBeCloseTo(0.1);
    expect(values[65]).toBeCloseTo(0.05);
    expect(values[99]).toBeLessThan(0.0001);
    expect(values.indexOf(Math.max(...values))).toBe(30);
    for (const rate of rates(1, { ...cosine, schedule: "one-cycle" })) expect(rate).toBeGreaterThan(0);
  });

  it("stays at the full rate after warm-up when it is constant", () => {
    expect(new Set(rates(50, { ...cosine, schedule: "constant" }).slice(10))).toEqual(new Set([0.1]));
  });

  it("starts at the full rate without warm-up", () => {
    expect(learningRateAt(0, 10, { ...cosine, warmupSteps: 0 })).toBe(0.1);
  });

  it("is positive and at most the full rate in a run shorter than its warm-up", () => {
    for (const total of [1, 2, 3, 8]) {
      for (const rate of rates(total, cosine)) {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(0.1);
      }
    }
  });
});
