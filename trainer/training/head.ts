import type { KnownClasses } from "./known-classes.ts";
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
  /** How the backbone's own classifier sees them, where it has one. */
  readonly known?: KnownClasses | undefined;
}

/** A head, and how it was found. */
export interface FittedHead {
  readonly classifier: LinearClassifier;
  /** The penalty that did best on images that were not learnt from. */
  readonly l2: number;
  /** Whether the head was learnt on what the backbone's classifier says, along the classes that the images look like. */
  readonly isDirected: boolean;
  /** Of these two, on those images. */
  readonly validation: Validation;
}

/** One way to hold images back: indices to learn from, and others to choose by. */
export interface HoldOut {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Around 0.1, where features of ImageNet's nets do best; a wider range changes little. */
const penalties = [1, 0.1, 0.01] as const;
/** Of what known classes say beside those that the images look like; ten times more or less changes little. */
const directedPenalty = 3;

/**
 * Fits a linear head: the penalty, and whether the classes that the backbone knows lead the way, are those with the least
 * loss on images that are held back, one way after the other; then the head learns from all.
 * @param indices of the images to learn from  @param holdOuts at least one way to part them
 */
export function fitHead(
  images: EmbeddedImages,
  indices: readonly number[],
  holdOuts: readonly HoldOut[],
): FittedHead {
  const tried = waysFor(images).map((way) => {
    const scores = holdOuts.map(({ train, validation }) => ({
      weight: validation.length,
      ...scoreHead(images, fitOne(images, train, way), validation),
    }));
    return { ...way, validation: meanScore(scores) };
  });
  const [best] = tried.toSorted((a, b) => a.validation.loss - b.validation.loss);
  const chosen = best as (typeof tried)[number];
  return { classifier: fitOne(images, indices, chosen), ...chosen };
}

type Way = Pick<FittedHead, "l2" | "isDirected">;

function waysFor({ known }: EmbeddedImages): Way[] {
  const plain = penalties.map((l2) => ({ l2, isDirected: false }));
  return known === undefined ? plain : [...plain, { l2: directedPenalty, isDirected: true }];
}

function fitOne(
  images: EmbeddedImages,
  indices: readonly number[],
  { l2, isDirected }: Way,
): LinearClassifier {
  const { known, labels, classes } = images;
  if (!isDirected || known === undefined)
    return fitSoftmaxRegression(rowsOf(images, indices, images.views), l2);
  const rows = rowsOf({ ...images, size: known.size }, indices, known.views);
  return known.fold(fitSoftmaxRegression(rows, l2, known.directions(indices, labels, classes)));
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
