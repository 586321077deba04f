import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { AppError } from "../../../shared/contract/errors.ts";
import { logSumExp, softmax } from "../../../shared/inference/softmax.ts";

const logits = fc.float32Array({ minLength: 1, maxLength: 50, min: -1000, max: 1000, noNaN: true });
const temperature = fc.double({ min: 0.05, max: 20, noNaN: true });

function sum(values: Float32Array): number {
  return values.reduce((total, value) => total + value, 0);
}

describe("softmax", () => {
  it("gives probabilities that sum to 1", () => {
    fc.assert(
      fc.property(logits, temperature, (values, t) => {
        const probabilities = softmax(values, t);
        expect(sum(probabilities)).toBeCloseTo(1, 5);
        expect(probabilities.every((value) => value >= 0 && value <= 1)).toBe(true);
      }),
    );
  });

  it("does not change when all logits are shifted", () => {
    fc.assert(
      fc.property(logits, temperature, fc.integer({ min: -64, max: 64 }), (values, t, shift) => {
        const whole = values.map((value) => Math.round(value));
        const shifted = softmax(
          whole.map((value) => value + shift),
          t,
        );
        expect(Array.from(shifted)).toEqual(Array.from(softmax(whole, t)));
      }),
    );
  });

  it("keeps the order of the logits", () => {
    fc.assert(
      fc.property(logits, temperature, (values, t) => {
        const probabilities = softmax(values, t);
        const best = values.indexOf(Math.max(...values));
        expect(probabilities[best]).toBe(Math.max(...probabilities));
      }),
    );
  });

  it("is flatter at a higher temperature", () => {
    const values = Float32Array.of(1, 2, 4);

    expect(Math.max(...softmax(values, 5))).toBeLessThan(Math.max(...softmax(values, 1)));
    expect(Array.from(softmax(values, 2))).toEqual(
      Array.from(
        softmax(
          values.map((value) => value / 2),
          1,
        ),
      ),
    );
  });

  it.each([
    ["no logits", new Float32Array(), 1],
    ["a logit that is not a number", Float32Array.of(0, Number.NaN), 1],
    ["an infinite logit", Float32Array.of(0, Number.POSITIVE_INFINITY), 1],
    ["temperature 0", Float32Array.of(0, 1), 0],
    ["a temperature that is not a number", Float32Array.of(0, 1), Number.NaN],
  ])("rejects %s", (_, values, t) => {
    expect(() => softmax(values, t)).toThrow(AppError);
  });
});

describe("logSumExp", () => {
  it("lies between the largest logit and that plus T log C", () => {
    fc.assert(
      fc.property(logits, temperature, (values, t) => {
        const largest = Math.max(...values);
        const value = logSumExp(values, t);
        expect(value).toBeGreaterThanOrEqual(largest - 1e-9);
        expect(value).toBeLessThanOrEqual(largest + t * Math.log(values.length) + 1e-9);
      }),
    );
  });
});
