import type { Answer } from "./calibration.ts";

/** What is answered, and how well, when only answers at or above a threshold are given. */
export interface CoveragePoint {
  readonly threshold: number;
  /** Share of the images that are answered; 0..1. */
  readonly coverage: number;
  /** Share of the answers that are right; 0..1. */
  readonly accuracy: number;
}

/**
 * Coverage against accuracy, from the surest answer to all of them; one point for each distinct probability.
 * @returns empty without answers
 */
export function coverageCurve(answers: readonly Answer[]): CoveragePoint[] {
  const sorted = answers.toSorted((a, b) => b.probability - a.probability);
  const points: CoveragePoint[] = [];
  let right = 0;
  for (const [index, answer] of sorted.entries()) {
    right += answer.right ? 1 : 0;
    if (sorted[index + 1]?.probability === answer.probability) continue;
    const answered = index + 1;
    points.push({
      threshold: answer.probability,
      coverage: answered / sorted.length,
      accuracy: right / answered,
    });
  }
  return points;
}
