/** How well scores tell two kinds of images apart. */
export interface Ranking {
  /** Area under the ROC curve: the chance that a positive scores above a negative, ties half; 0..1. */
  readonly auroc: number;
  /** Mean precision at the positives, from the highest score down; 0..1. */
  readonly averagePrecision: number;
}

/** A cut through ranked scores. */
export interface RankedCut {
  readonly threshold: number;
  /** Share of the positives at or above the threshold. */
  readonly recall: number;
  /** Share of the negatives at or above the threshold. */
  readonly falsePositiveRate: number;
  /** Share of positives among those at or above the threshold. */
  readonly precision: number;
}

/**
 * Area under the ROC curve and average precision of scores, larger meaning positive.
 * Average precision steps, as scikit-learn's does: no interpolation between cuts.
 * @param scores [N], finite
 * @param isPositive [N], non-zero for positives
 * @returns `null` when all are positive or all negative
 */
export function rankScores(scores: ArrayLike<number>, isPositive: ArrayLike<number>): Ranking | null {
  const cuts = rankedCuts(scores, isPositive);
  if (cuts === null) return null;
  let auroc = 0;
  let averagePrecision = 0;
  let before = { recall: 0, falsePositiveRate: 0 };
  for (const cut of cuts) {
    auroc += ((cut.falsePositiveRate - before.falsePositiveRate) * (cut.recall + before.recall)) / 2;
    averagePrecision += (cut.recall - before.recall) * cut.precision;
    before = cut;
  }
  return { auroc, averagePrecision };
}

/**
 * Every distinct cut, from the highest threshold down; the points of the ROC and the precision-recall curve.
 * @returns `null` when all are positive or all negative
 */
export function rankedCuts(scores: ArrayLike<number>, isPositive: ArrayLike<number>): RankedCut[] | null {
  const order = Array.from(scores, (_, i) => i).toSorted(
    (a, b) => (scores[b] as number) - (scores[a] as number),
  );
  const positives = order.filter((i) => isPositive[i]).length;
  const negatives = order.length - positives;
  if (positives === 0 || negatives === 0) return null;
  const cuts: RankedCut[] = [];
  let truePositives = 0;
  for (const [index, i] of order.entries()) {
    truePositives += isPositive[i] ? 1 : 0;
    const next = order[index + 1];
    const threshold = scores[i] as number;
    if (next !== undefined && scores[next] === threshold) continue;
    cuts.push({
      threshold,
      recall: truePositives / positives,
      falsePositiveRate: (index + 1 - truePositives) / negatives,
      precision: truePositives / (index + 1),
    });
  }
  return cuts;
}

/** At most `most` items of a list, evenly spread, with the first and the last. */
export function thinned<Item>(items: readonly Item[], most: number): Item[] {
  if (items.length <= most) return [...items];
  return Array.from(
    { length: most },
    (_, i) => items[Math.round((i * (items.length - 1)) / (most - 1))],
  ).filter((item): item is Item => item !== undefined);
}
