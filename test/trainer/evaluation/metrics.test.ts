import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { metricsSchema } from "../../../shared/contract/manifest.ts";
import { softmax } from "../../../shared/inference/softmax.ts";
import { computeMetrics, confusionMatrix } from "../../../trainer/evaluation/metrics.ts";
import { calibrationBins } from "../../../trainer/evaluation/probability-quality.ts";
import { fitTemperature } from "../../../trainer/evaluation/temperature.ts";

interface GoldenCase {
  readonly name: string;
  readonly logits: readonly (readonly number[])[];
  readonly labels: readonly number[];
  readonly temperature: number;
  readonly top1Accuracy: number;
  readonly macroF1: number;
  readonly expectedCalibrationError: number;
  readonly negativeLogLikelihood: number;
  readonly brierScore: number;
  readonly precision: readonly number[];
  readonly recall: readonly number[];
  readonly f1: readonly number[];
  readonly support: readonly number[];
  readonly confusionMatrix: readonly (readonly number[])[];
}

// Made by golden-metrics.py beside it, with scikit-learn, scipy and numpy.
const golden = JSON.parse(
  readFileSync(new URL("fixtures/golden-metrics.json", import.meta.url), "utf8"),
) as readonly GoldenCase[];

function probabilitiesOf(logits: GoldenCase["logits"]): number[] {
  return logits.flatMap((row) => [...softmax(Float32Array.from(row), 1)]);
}

const labelSet = (classes: number): string[] => Array.from({ length: classes }, (_, c) => `class ${c}`);

describe("computeMetrics", () => {
  it.each(golden)("finds what scikit-learn finds: $name", (expected) => {
    const classes = expected.precision.length;
    const probabilities = probabilitiesOf(expected.logits);
    const metrics = computeMetrics(probabilities, expected.labels, labelSet(classes));
    expect(metrics.images).toBe(expected.labels.length);
    expect(confusionMatrix(probabilities, expected.labels, classes)).toEqual(expected.confusionMatrix);
    for (const name of [
      "top1Accuracy",
      "macroF1",
      "expectedCalibrationError",
      "negativeLogLikelihood",
      "brierScore",
    ] as const) {
      expect(metrics[name]).toBeCloseTo(expected[name], 6);
    }
    for (const [c, entry] of metrics.perClass.entries()) {
      expect(entry.precision).toBeCloseTo(expected.precision[c] ?? -1, 12);
      expect(entry.recall).toBeCloseTo(expected.recall[c] ?? -1, 12);
      expect(entry.f1).toBeCloseTo(expected.f1[c] ?? -1, 12);
      expect(entry.images).toBe(expected.support[c]);
    }
  });

  it("gives metrics that the manifest takes, even of no image or of certain and wrong answers", () => {
    for (const metrics of [
      computeMetrics([], [], labelSet(3)),
      computeMetrics([1, 0, 1, 0], [1, 1], labelSet(2)),
    ]) {
      expect(metricsSchema.parse(metrics)).toEqual(metrics);
    }
  });

  it("puts a confidence on the border of two bins into the lower one", () => {
    const bins = calibrationBins([0.6, 0.4, 1, 0], [0, 0], 2);
    expect(bins.map((bin) => bin.images)).toEqual([0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]);
  });

  it.each([
    ["too few probabilities", [0.5], [0]],
    ["a label out of range", [0.5, 0.5], [2]],
    ["a number that is not finite", [Number.NaN, 0.5], [0]],
  ])("rejects %s", (_, probabilities, labels) => {
    expect(() => computeMetrics(probabilities, labels, labelSet(2))).toThrow(
      expect.toSatisfy((error) => isAppError(error, "invalid_argument")),
    );
  });
});

describe("fitTemperature", () => {
  it.each(golden)("finds what scipy's bounded search finds: $name", (expected) => {
    const classes = expected.precision.length;
    expect(fitTemperature(expected.logits.flat(), expected.labels, classes)).toBeCloseTo(
      expected.temperature,
      4,
    );
  });

  it("stays finite on a split without errors", () => {
    const logits = Array.from({ length: 50 }, () => [9, 0, -3]).flat();
    const temperature = fitTemperature(logits, new Int32Array(50), 3);
    expect(temperature).toBeGreaterThan(0.5);
    expect(temperature).toBeLessThan(5);
  });

  it("stays within its bounds when every answer is wrong", () => {
    const logits = Array.from({ length: 50 }, () => [9, 0]).flat();
    expect(fitTemperature(logits, new Int32Array(50).fill(1), 2)).toBeCloseTo(20, 2);
  });

  it("keeps 1 with too few images to tell", () => {
    expect(fitTemperature([5, 0, 0, 5], [0, 0], 2)).toBe(1);
  });
});
