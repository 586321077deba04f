import {
  fitSoftmaxRegression,
  type LabelledFeatures,
  type LinearClassifier,
  linearLogits,
} from "./softmax-regression.ts";
import { scoreLogits, type Validation } from "./validate.ts";

/** Images as a backbone describes them. */
export interface EmbeddedImages {
  /** `[N, size]` each: the images as they are, then changed views of them, which help in training only. */
  readonly views: readonly [Float32Array, ...Float32Array[]];
  /** `[N]` */
  readonly labels: Int32Array;
  readonly size: number;
  readonly classes: number;
}

/** A head, and how it was found. */
export interface FittedHead {
  readonly classifier: LinearClassifier;
  /** The penalty that did best on images that were not learnt from. */
  readonly l2: number;
  /** Of that penalty, on those images. */
  readonly validation: Validation;
}

/** One way to hold images back: indices to learn from, and others to choose by. */
export interface HoldOut {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Around 0.1, where features of ImageNet's nets do best; a wider range changes little. */
const penalties = [1, 0.1, 0.01] as const;

/**
 * Fits a linear head: the penalty is the one with the least loss on images that are held back, one way after the other;
 * then the head learns from all.
 * @param indices of the images to learn from  @param holdOuts at least one way to part them
 */
export function fitHead(
  images: EmbeddedImages,
  indices: readonly number[],
  holdOuts: readonly HoldOut[],
): FittedHead {
  const tried = penalties.map((l2) => {
    const scores = holdOuts.map(({ train, validation }) => ({
      weight: validation.length,
      ...scoreHead(images, fitSoftmaxRegression(rowsOf(images, train, images.views), l2), validation),
    }));
    return { l2, validation: meanScore(scores) };
  });
  const [best] = tried.toSorted((a, b) => a.validation.loss - b.validation.loss);
  const { l2, validation } = best as (typeof tried)[number];
  return { classifier: fitSoftmaxRegression(rowsOf(images, indices, images.views), l2), l2, validation };
}

/** Holds each fold back in turn. @param foldOf of each of the `indices` */
export function foldHoldOuts(
  indices: readonly number[],
  foldOf: (index: number) => number,
  folds: readonly number[],
): readonly HoldOut[] {
  return folds.map((fold) => ({
    train: indices.filter((index) => foldOf(index) !== fold),
    validation: indices.filter((index) => foldOf(index) === fold),
  }));
}

function meanScore(scores: readonly (Validation & { readonly weight: number })[]): Validation {
  const total = scores.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (of: (score: Validation) => number): number =>
    scores.reduce((sum, score) => sum + of(score) * score.weight, 0) / total;
  return { top1Accuracy: mean((score) => score.top1Accuracy), loss: mean((score) => score.loss) };
}

/** How a head does on some images, as they are. */
export function scoreHead(
  images: EmbeddedImages,
  classifier: LinearClassifier,
  indices: readonly number[],
): Validation {
  const { features, labels, classes } = rowsOf(images, indices, [images.views[0]]);
  return scoreLogits(linearLogits(classifier, features), labels, classes);
}

/** One row for each image and view. */
function rowsOf(
  { labels, size, classes }: EmbeddedImages,
  indices: readonly number[],
  views: readonly Float32Array[],
): LabelledFeatures {
  const features = new Float32Array(indices.length * views.length * size);
  const rows = views.flatMap((view) => indices.map((index) => ({ view, index })));
  for (const [place, { view, index }] of rows.entries()) {
    features.set(view.subarray(index * size, (index + 1) * size), place * size);
  }
  return { features, labels: Int32Array.from(rows, ({ index }) => labels[index] as number), size, classes };
}
