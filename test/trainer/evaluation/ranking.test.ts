import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rankedCuts, rankScores, thinned } from "../../../trainer/evaluation/ranking.ts";

/** The chance that a positive outranks a negative, pair by pair (Mann and Whitney 1947). */
function pairwise(scores: readonly number[], isPositive: readonly number[]): number {
  let won = 0;
  let pairs = 0;
  for (const [i, score] of scores.entries()) {
    for (const [j, other] of scores.entries()) {
      if (isPositive[i] !== 1 || isPositive[j] !== 0) continue;
      pairs += 1;
      if (score > other) won += 1;
      else if (score === other) won += 0.5;
    }
  }
  return won / pairs;
}

const scored = fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 2,
  maxLength: 60,
});

describe("rankScores", () => {
  it("counts the pairs that are in order, ties half", () => {
    fc.assert(
      fc.property(scored, (pairs) => {
        const scores = pairs.map(([score]) => score);
        const isPositive = pairs.map(([, positive]) => positive);
        fc.pre(new Set(isPositive).size === 2);
        expect(rankScores(scores, isPositive)?.auroc).toBeCloseTo(pairwise(scores, isPositive), 12);
      }),
    );
  });

  it("says nothing when all are positive or all negative", () => {
    expect(rankScores([1, 2], [1, 1])).toBeNull();
    expect(rankScores([1, 2], [0, 0])).toBeNull();
  });

  it("averages precision as scikit-learn's documentation shows", () => {
    const ranking = rankScores([0.1, 0.4, 0.35, 0.8], [0, 0, 1, 1]);
    expect(ranking?.averagePrecision).toBeCloseTo(0.8333333, 6);
    expect(ranking?.auroc).toBeCloseTo(0.75, 12);
  });
});

describe("rankedCuts", () => {
  it("goes from the first to the last image, each cut once", () => {
    const cuts = rankedCuts([3, 2, 2, 1], [1, 0, 1, 0]) ?? [];
    expect(cuts.map((cut) => cut.threshold)).toEqual([3, 2, 1]);
    expect(cuts.at(-1)).toEqual({ threshold: 1, recall: 1, falsePositiveRate: 1, precision: 0.5 });
  });
});

describe("thinned", () => {
  it("keeps both ends", () => {
    expect(thinned([1, 2, 3], 5)).toEqual([1, 2, 3]);
    expect(
      thinned(
        Array.from({ length: 1000 }, (_, i) => i),
        3,
      ),
    ).toEqual([0, 500, 999]);
  });
});
