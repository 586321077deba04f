import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { topK } from "../../../shared/inference/top-k.ts";

// few distinct values, so that ties are common
const probabilities = fc
  .array(fc.integer({ min: 0, max: 8 }), { minLength: 1, maxLength: 60 })
  .map((eighths) => Float32Array.from(eighths, (value) => value / 8));

describe("topK", () => {
  it("equals sorting, ties to the lower index, and slicing", () => {
    fc.assert(
      fc.property(probabilities, fc.integer({ min: 1, max: 70 }), (values, k) => {
        const sorted = Array.from(values, (probability, classIndex) => ({ classIndex, probability }))
          .toSorted((a, b) => b.probability - a.probability || a.classIndex - b.classIndex)
          .slice(0, k);
        expect(topK(values, k)).toEqual(sorted);
      }),
    );
  });

  it("clamps k to 1 and to the number of classes", () => {
    const values = Float32Array.of(0.25, 0.75);

    expect(topK(values, 0)).toEqual([{ classIndex: 1, probability: 0.75 }]);
    expect(topK(values, 100)).toHaveLength(2);
    expect(topK(values, 1.9)).toHaveLength(1);
  });
});
