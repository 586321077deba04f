import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Answer,
  calibrate,
  chooseThreshold,
  chooseThresholds,
  missedClasses,
  type NamedAnswer,
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

function named(classIndex: number, probability: number, right: boolean): NamedAnswer {
  return { classIndex, probability, right };
}

describe("chooseThresholds", () => {
  it("gives a class that is named often its own threshold, the others a shared one", () => {
    const good = Array.from({ length: 60 }, (_, i) => named(0, 0.5 + i / 200, true));
    const poor = Array.from({ length: 60 }, (_, i) => named(1, 0.5 + i / 200, i >= 30));
    const rare = [named(2, 0.9, true)];
    const all = [...good, ...poor, ...rare];
    const [first, second, third] = chooseThresholds(all, 3, 1);
    expect(first).toBe(0);
    expect(second).toBeCloseTo(0.5 + 29.5 / 200, 10);
    expect(third).toBe(chooseThreshold(all, 1));
  });
});

describe("missedClasses", () => {
  it("names the classes that are less often right than wanted above their threshold, with the counts", () => {
    const hopeless = Array.from({ length: 60 }, (_, i) => named(0, 0.5 + i / 200, i % 5 !== 0));
    const good = Array.from({ length: 60 }, (_, i) => named(1, 0.5 + i / 200, true));
    const all = [...hopeless, ...good, named(2, 0.4, false)];
    const thresholds = chooseThresholds(all, 3, 0.95);
    const kept = hopeless.filter(({ probability }) => probability >= (thresholds[0] ?? 0));
    const right = kept.filter((answer) => answer.right).length;
    expect(right / kept.length).toBeGreaterThan(0.8);
    expect(missedClasses(all, thresholds, 0.95)).toEqual([{ classIndex: 0, answers: kept.length, right }]);
    expect(missedClasses(all, thresholds, 0.8)).toEqual([]);
  });
});

describe("calibrate", () => {
  it("fits a temperature and a threshold for each class", () => {
    const logits = Float32Array.from({ length: 300 }, (_, i) => Math.sin(i * 1.7) * 4);
    const labels = Int32Array.from({ length: 100 }, (_, i) => i % 3);
    const { thresholds, temperature } = calibrate(logits, labels, 3);
    expect(thresholds).toHaveLength(3);
    expect(temperature).toBeGreaterThan(0);
  });

  it("refuses more where more precision is wanted, and says what cannot be reached", () => {
    const logits = Float32Array.from({ length: 3 * 600 }, (_, i) => Math.sin(i * 1.7) * 4);
    // right where the surest class is sure enough
    const labels = Int32Array.from({ length: 600 }, (_, i) => {
      const row = [...logits.subarray(3 * i, 3 * i + 3)];
      const sorted = row.toSorted((a, b) => b - a);
      const isSure = (sorted[0] ?? 0) - (sorted[1] ?? 0) > 2;
      return (row.indexOf(sorted[0] ?? 0) + (isSure || i % 4 === 0 ? 0 : 1)) % 3;
    });
    const aim = (precision: number): ReturnType<typeof calibrate> =>
      calibrate(logits, labels, 3, { precision, unknownFraction: 0.01 });
    const [low, high] = [aim(0.7), aim(0.99)];
    for (const [c, threshold] of high.thresholds.entries()) {
      expect(threshold).toBeGreaterThan(low.thresholds[c] ?? 1);
    }
    expect(high.target).toEqual({ precision: 0.99, missed: [] });
    const random = calibrate(
      logits,
      labels.map((_, i) => i % 3),
      3,
    );
    expect(random.target?.missed.map(({ classIndex }) => classIndex)).toEqual([0, 1, 2]);
  });
});
