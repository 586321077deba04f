import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../shared/contract/errors.ts";
import { softmax } from "../../../shared/inference/softmax.ts";
import { type Evidence, featureDistance, isUnknown } from "../../../shared/inference/unknown.ts";

function evidenceOf(logits: readonly number[], embedding?: readonly number[]): Evidence {
  const values = Float32Array.from(logits);
  return {
    logits: values,
    probabilities: softmax(values, 2),
    temperature: 2,
    ...(embedding === undefined ? {} : { embedding: Float32Array.from(embedding) }),
  };
}

const sure = evidenceOf([9, 0, 0]);
const unsure = evidenceOf([0.1, 0, 0]);

describe("isUnknown", () => {
  it("is never so by the rule none", () => {
    expect(isUnknown({ rule: "none" }, unsure)).toBe(false);
  });

  it("goes by the top probability", () => {
    expect(isUnknown({ rule: "max-probability", threshold: 0.5 }, sure)).toBe(false);
    expect(isUnknown({ rule: "max-probability", threshold: 0.5 }, unsure)).toBe(true);
  });

  it("goes by the energy of the logits", () => {
    expect(isUnknown({ rule: "energy", threshold: -5 }, sure)).toBe(false);
    expect(isUnknown({ rule: "energy", threshold: -5 }, unsure)).toBe(true);
  });

  it("goes by the squared distance to the nearest class centre, at any length of the embedding", () => {
    const centres = Float32Array.of(1, 0, 0, 1);
    const rule = { rule: "feature-distance", threshold: 0.1, file: "centres.bin" } as const;

    expect(isUnknown(rule, evidenceOf([1, 2], [0.1, 7]), centres)).toBe(false);
    expect(isUnknown(rule, evidenceOf([1, 2], [0.001, 0.07]), centres)).toBe(false);
    expect(isUnknown(rule, evidenceOf([1, 2], [5, 5]), centres)).toBe(true);
    expect(isUnknown(rule, evidenceOf([1, 2], [0, 0]), centres)).toBe(true);
    expect(() => isUnknown(rule, evidenceOf([1, 2]), centres)).toThrow(AppError);
  });
});

describe("featureDistance", () => {
  it("is the squared distance of vectors of length 1", () => {
    fc.assert(
      fc.property(vector, vector, (embedding, other) => {
        const [a, b] = [unit(embedding), unit(other)];
        const squared = a.reduce((sum, value, i) => sum + (value - (b[i] as number)) ** 2, 0);
        expect(featureDistance(Float32Array.from(embedding), Float32Array.from(b))).toBeCloseTo(squared, 4);
      }),
    );
  });
});

const vector = fc
  .array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 4, maxLength: 4 })
  .filter((values) => Math.hypot(...values) > 0.1);

function unit(values: readonly number[]): number[] {
  return values.map((value) => value / Math.hypot(...values));
}
