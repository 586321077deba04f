import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  calibrate,
  chooseThreshold,
  chooseUnknownRule,
} from "../../../trainer/evaluation/calibration.ts";

const answers = fc.array(
  fc.record({ probability: fc.double({ min: 0, max: 1, noNaN: true }), right: fc.boolean() }),
  { minLength: 20, maxLength: 200 },
);

function precisionAbove(list: readonly Answer[], threshold: number): number {
  const kept = list.filter((answer) => answer.probability >= threshold);
  return kept.filter((answer) => answer.right).length / kept.length;
}

fc.configureGlobal({ seed: 1 });

describe("chooseThreshold", () => {
  it("reaches the wanted precision whenever all answers together do, by refusing none", () => {
    fc.assert(
      fc.property(answers, (list) => {
        const all = list.filter((answer) => answer.right).length / list.length;
        expect(chooseThreshold(list, all)).toBe(0);
      }),
    );
  });

  it("never gives a lower precision than refusing nothing", () => {
    fc.assert(
      fc.property(answers, fc.double({ min: 0.5, max: 1, noNaN: true }), (list, precision) => {
        const threshold = chooseThreshold(list, precision);
        expect(precisionAbove(list, threshold)).toBeGreaterThanOrEqual(
          Math.min(precision, precisionAbove(list, 0)) - 1e-12,
        );
      }),
    );
  });

  it("takes the lowest cut that is precise enough", () => {
    const right = Array.from({ length: 30 }, (_, i) => ({ probability: 0.6 + i / 100, right: true }));
    const wrong = Array.from({ length: 30 }, (_, i) => ({ probability: 0.2 + i / 100, right: false }));
    expect(chooseThreshold([...wrong, ...right], 1)).toBeCloseTo((0.6 + 0.49) / 2, 10);
  });

  it("refuses nothing with too few images to choose by", () => {
    expect(chooseThreshold([{ probability: 0.5, right: false }], 0.9)).toBe(0);
  });
});

describe("chooseUnknownRule", () => {
  it("calls at most the wanted share of familiar images unknown", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 100 }), (values) => {
        const rule = chooseUnknownRule(
          values.map((probability) => ({ probability, right: true })),
          0.01,
        );
        if (rule.rule !== "max-probability") throw new Error(`rule is ${rule.rule}`);
        const unknown = values.filter((value) => value < rule.threshold).length;
        expect(unknown / values.length).toBeLessThanOrEqual(0.01);
      }),
    );
  });

  it("is none with fewer than 100 images", () => {
    expect(chooseUnknownRule([{ probability: 0.5, right: true }], 0.01)).toEqual({ rule: "none" });
  });
});

describe("calibrate", () => {
  it("gives every class the same threshold", () => {
    const logits = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * 1.7) * 4);
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);
    const { thresholds, temperature } = calibrate(logits, labels, 3);
    expect(thresholds).toHaveLength(3);
    expect(new Set(thresholds).size).toBe(1);
    expect(temperature).toBeGreaterThan(0);
  });
});
