import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { softmax } from "../../../shared/inference/softmax.ts";
import { coverageCurve } from "../../../trainer/evaluation/coverage.ts";
import { evaluateOutputs } from "../../../trainer/evaluation/evaluate-outputs.ts";
import { evaluationSchema } from "../../../trainer/evaluation/evaluation-record.ts";

const labels = ["a", "b", "c", "d"];

function answered(
  logits: readonly (readonly number[])[],
  actual: readonly number[],
  thresholds = [0, 0, 0, 0],
) {
  const probabilities = Float32Array.from(logits.flatMap((row) => [...softmax(Float32Array.from(row), 1)]));
  return { probabilities, actual, labels, temperature: 1, thresholds };
}

describe("evaluateOutputs", () => {
  const evaluation = evaluateOutputs(
    answered(
      [
        [9, 1, 0, 0],
        [2, 1, 0, 0],
        [1, 2, 0, 0],
        [0, 1, 2, 3],
        [0, 0, 9, 0],
      ],
      [0, 1, 1, 0, 2],
      [0.9, 0, 0, 0],
    ),
  );

  it("is a valid record", () => {
    expect(evaluationSchema.parse(evaluation)).toEqual(evaluation);
  });

  it("counts right answers with their interval, also among the k most probable", () => {
    expect(evaluation.top1).toMatchObject({ right: 3, images: 5, share: 0.6 });
    expect(evaluation.topK).toEqual([expect.objectContaining({ k: 3, right: 4 })]);
  });

  it("keeps the confusions that occurred and no others", () => {
    expect(evaluation.confusions).toEqual([
      [0, 0, 1],
      [0, 3, 1],
      [1, 0, 1],
      [1, 1, 1],
      [2, 2, 1],
    ]);
  });

  it("tells how many answers of a class reach its threshold, and has no area for a class without images", () => {
    expect(evaluation.perClass[0]).toMatchObject({ answers: 2, recognized: 1, recognizedRight: 1 });
    expect(evaluation.perClass[3]).toMatchObject({ images: 0, auroc: null, averagePrecision: null });
    expect(evaluation.perClass[2]?.auroc).toBe(1);
  });
});

describe("coverageCurve", () => {
  it("ends at the accuracy of all answers and never covers less at a lower threshold", () => {
    const answers = fc.array(
      fc.record({ probability: fc.double({ min: 0, max: 1, noNaN: true }), right: fc.boolean() }),
      { minLength: 1 },
    );
    fc.assert(
      fc.property(answers, (list) => {
        const curve = coverageCurve(list);
        expect(curve.at(-1)).toMatchObject({
          coverage: 1,
          accuracy: list.filter(({ right }) => right).length / list.length,
        });
        for (const { threshold, coverage } of curve) {
          const kept = list.filter(({ probability }) => probability >= threshold).length;
          expect(coverage).toBeCloseTo(kept / list.length, 12);
        }
      }),
    );
  });
});
