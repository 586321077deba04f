import type { Evaluation } from "../evaluation/evaluation-record.ts";

/** Answers that the page opens together. */
export interface ConfusionCell {
  readonly key: string;
  /** How many answers are in it. */
  readonly images: number;
}

/** How a page shows who was taken for whom: as a matrix, or, of many classes, as the largest confusions and the rest. */
export interface ConfusionCells {
  readonly kind: "matrix" | "pairs";
  /** Pairs that have a cell of their own, `[actual, predicted, images]`; of `pairs` the largest first. */
  readonly own: Evaluation["confusions"];
  /** Cells of everything else. */
  readonly rest: readonly (ConfusionCell & { readonly name: string })[];
  /** The cell that an answer is in. */
  readonly keyOf: (actual: number, predicted: number) => string;
}

/** A larger matrix could not be read. */
const mostColumns = 30;
const mostPairs = 60;

/** The cells of an evaluation; every answer is in one of them. */
export function confusionCells({ labels, confusions }: Evaluation): ConfusionCells {
  if (labels.length <= mostColumns) return { kind: "matrix", own: confusions, rest: [], keyOf: pairKey };
  const wrong = confusions
    .filter(([actual, predicted]) => actual !== predicted)
    .toSorted(([, , a], [, , b]) => b - a);
  const own = wrong.slice(0, mostPairs);
  const keys = new Set(own.map(([actual, predicted]) => pairKey(actual, predicted)));
  const right = confusions.filter(([actual, predicted]) => actual === predicted);
  return {
    kind: "pairs",
    own,
    rest: [
      { key: "other", name: "Other mistakes", images: sum(wrong.slice(mostPairs)) },
      { key: "right", name: "Right answers", images: sum(right) },
    ],
    keyOf: (actual, predicted) => {
      const key = pairKey(actual, predicted);
      if (keys.has(key)) return key;
      return actual === predicted ? "right" : "other";
    },
  };
}

/** The key of a cell that is one pair's own. */
export function pairKey(actual: number, predicted: number): string {
  return `${actual},${predicted}`;
}

function sum(confusions: Evaluation["confusions"]): number {
  return confusions.reduce((total, [, , images]) => total + images, 0);
}
