import { describe, expect, it } from "vitest";
import { AppError } from "../../../shared/contract/errors.ts";
import { softmax } from "../../../shared/inference/softmax.ts";
import { type Evidence, isUnknown } from "../../../shared/inference/unknown.ts";

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

  it("goes by the squared distance to the nearest class centre", () => {
    const centres = Float32Array.of(0, 0, 10, 10);
    const rule = { rule: "feature-distance", threshold: 4, file: "centres.bin" } as const;

    expect(isUnknown(rule, evidenceOf([1, 2], [11, 11]), centres)).toBe(false);
    expect(isUnknown(rule, evidenceOf([1, 2], [5, 5]), centres)).toBe(true);
    expect(() => isUnknown(rule, evidenceOf([1, 2]), centres)).toThrow(AppError);
  });
});
