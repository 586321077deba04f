import type { Directions } from "./directions.ts";
import type { KnownClasses } from "./known-classes.ts";
import { spanRows } from "./row-span.ts";
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

/** The numbers of images that a classifier is fitted to: their features, or what the backbone's classifier says. */
export interface FitRows extends Pick<EmbeddedImages, "views" | "labels" | "size" | "classes"> {
  /** Numbers that `size` of them stand for, after {@link narrowed}. */
  readonly fullSize?: number;
  /** Along which weights are almost free; see {@link KnownClasses.directions}. */
  readonly directions?: (indices: readonly number[]) => Directions;
}

/** The features of images. */
export function featureRows({ views, labels, size, classes }: EmbeddedImages): FitRows {
  return { views, labels, size, classes };
}

/** What the backbone's classifier says of images, where it has one. */
export function knownRows({ known, labels, classes }: EmbeddedImages): FitRows | undefined {
  if (known === undefined) return undefined;
  const { views, size } = known;
  return {
    views,
    labels,
    size,
    classes,
    directions: (indices) => known.directions(indices, labels, classes),
  };
}

/** Up to this many rows for each number, narrowing them earns its time. */
const worthNarrowing = 0.75;

/** How many numbers so many rows keep when they are {@link narrowed}. */
export function narrowedSize(rows: number, size: number): number {
  return rows <= worthNarrowing * size ? rows : size;
}

/**
 * The same rows by as few numbers as there are rows, where that is less: classifiers of these give the same answers for
 * these images, and are found sooner. They say nothing of other images.
 */
export function narrowed(rows: FitRows): FitRows {
  const { views, size, directions } = rows;
  const count = views.reduce((sum, view) => sum + view.length / size, 0);
  if (narrowedSize(count, size) === size) return rows;
  const spanned = spanRows(views, size);
  const narrow = { ...rows, views: spanned.views, size: spanned.size, fullSize: size };
  if (directions === undefined) return narrow;
  return {
    ...narrow,
    directions: (indices) => {
      const { count: wanted, values } = directions(indices);
      return { count: wanted, values: spanned.turn(values, wanted) };
    },
  };
}

/** Fits a classifier to some images in all views. @param isOver stops it where it is, when it says so */
export function fitRows(
  rows: FitRows,
  indices: readonly number[],
  l2: number,
  isOver?: () => boolean,
): LinearClassifier {
  return fitSoftmaxRegression(pick(rows, indices, rows.views), l2, rows.directions?.(indices), isOver);
}

/** How a classifier does on some images, as they are. */
export function scoreRows(
  rows: FitRows,
  classifier: LinearClassifier,
  indices: readonly number[],
): Validation {
  const { features, labels, classes } = pick(rows, indices, [rows.views[0]]);
  return scoreLogits(linearLogits(classifier, features), labels, classes);
}

/** One row for each image and view. */
function pick(
  { labels, size, classes, fullSize = size }: FitRows,
  indices: readonly number[],
  views: readonly Float32Array[],
): LabelledFeatures {
  const features = new Float32Array(indices.length * views.length * size);
  const rows = views.flatMap((view) => indices.map((index) => ({ view, index })));
  for (const [place, { view, index }] of rows.entries()) {
    features.set(view.subarray(index * size, (index + 1) * size), place * size);
  }
  const labelOf = Int32Array.from(rows, ({ index }) => labels[index] as number);
  return { features, labels: labelOf, size, classes, fullSize };
}
