import { describe, expect, it } from "vitest";
import { computeMetrics } from "../../../trainer/evaluation/metrics.ts";
import { defaultBudget, findShortfalls, measureParity } from "../../../trainer/release/budget.ts";

const labels = ["ant", "bee"];

/** Outputs that name `predicted`, image by image. */
function outputsOf(predicted: readonly number[]) {
  const probabilities = Float32Array.from(predicted.flatMap((c) => (c === 0 ? [0.9, 0.1] : [0.1, 0.9])));
  return { probabilities, logits: probabilities };
}

/** Shortfalls of a bundle that names another class than the (always right) float model for `wrong` bees. */
function shortfallsOf(images: number, wrong: number): string[] {
  const actual = Array.from({ length: images }, (_, i) => i % 2);
  let left = wrong;
  const predicted = actual.map((c) => (c === 1 && left-- > 0 ? 0 : c));
  const [float, bundle] = [outputsOf(actual), outputsOf(predicted)];
  return findShortfalls(
    computeMetrics(float.probabilities, actual, labels),
    computeMetrics(bundle.probabilities, actual, labels),
    measureParity(float, bundle, labels.length),
    defaultBudget,
  );
}

describe("findShortfalls", () => {
  it("finds none when both name the same classes", () => {
    expect(shortfallsOf(320, 0)).toEqual([]);
  });

  it("allows what the budget allows, to the image", () => {
    // Of 1000 images top-1 may lose 5, of 500 bees recall may lose 10, and 10 may be named otherwise.
    expect(shortfallsOf(1000, 5)).toEqual([]);
    expect(shortfallsOf(1000, 6)).toEqual(["top-1 lost: 6 of 1000 images, 5 allowed"]);
    expect(shortfallsOf(1000, 11)).toEqual([
      "top-1 lost: 11 of 1000 images, 5 allowed",
      "other class named: 11 of 1000 images, 10 allowed",
      "recall of bee lost: 11 of 500 images, 10 allowed",
    ]);
  });

  it("allows one image on a small split, and no second one", () => {
    expect(shortfallsOf(20, 1)).toEqual([]);
    expect(shortfallsOf(20, 2)).toHaveLength(3);
  });

  it("does not count it as a loss when the bundle is better", () => {
    const actual = Array.from({ length: 400 }, (_, i) => i % 2);
    const float = outputsOf(actual.map((c, i) => (i < 2 ? 1 - c : c)));
    const bundle = outputsOf(actual);
    const shortfalls = findShortfalls(
      computeMetrics(float.probabilities, actual, labels),
      computeMetrics(bundle.probabilities, actual, labels),
      measureParity(float, bundle, labels.length),
      defaultBudget,
    );
    expect(shortfalls).toEqual([]);
  });
});

describe("measureParity", () => {
  it("finds the largest differences and the share of equal answers", () => {
    const float = { logits: Float32Array.of(1, 0, 0, 2), probabilities: Float32Array.of(0.7, 0.3, 0.1, 0.9) };
    const bundle = {
      logits: Float32Array.of(1, 0.5, 0, 2),
      probabilities: Float32Array.of(0.4, 0.6, 0.1, 0.9),
    };
    const parity = measureParity(float, bundle, 2);
    expect(parity.maxLogitDelta).toBeCloseTo(0.5, 6);
    expect(parity.maxProbabilityDelta).toBeCloseTo(0.3, 6);
    expect(parity.top1Agreement).toBe(0.5);
  });
});
