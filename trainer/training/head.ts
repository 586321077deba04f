import { chooseWay, type HoldOut, openSubject } from "./choose-way.ts";
import { fitMacs, type Way } from "./fit-cost.ts";
import { type EmbeddedImages, featureRows, fitRows, knownRows } from "./fit-rows.ts";
import type { LinearClassifier } from "./softmax-regression.ts";
import type { Validation } from "./validate.ts";

/** A head, and how it was found. */
export interface FittedHead {
  readonly classifier: LinearClassifier;
  /** The way that did best on images that were not learnt from. */
  readonly way: Way;
  /** Of it, on those images. */
  readonly validation: Validation;
  /** Ways that were tried, of those there are. */
  readonly tried: number;
  readonly ways: number;
}

/** Steps of the fit that is kept, even when the time is up: with fewer, a head is hardly one. */
const fewestSteps = 20;

/**
 * Fits a linear head: the penalty, and whether the classes that the backbone knows lead the way, are those with the least
 * loss on images that are held back; then the head learns from all.
 * @param indices of the images to learn from  @param holdOuts at least one way to part them
 * @param leftMs that it may take, asked again and again: best so far; without it nothing depends on the time
 */
export function fitHead(
  images: EmbeddedImages,
  indices: readonly number[],
  holdOuts: readonly HoldOut[],
  leftMs: () => number = () => Infinity,
): FittedHead {
  const subject = openSubject(images);
  const rows = indices.length * images.views.length;
  const lastFit = (way: Way): number => fitMacs(subject.shape, way, rows, false);
  const { way, validation, tried } = chooseWay(subject, holdOuts, lastFit, leftMs);
  let steps = 0;
  const isOver = (): boolean => ++steps >= fewestSteps && leftMs() <= 0;
  const classifier = fitWhole(images, indices, way, isOver);
  return { classifier, way, validation, tried, ways: subject.ways.length };
}

/** On the features as they are, for images that are not there yet. */
function fitWhole(
  images: EmbeddedImages,
  indices: readonly number[],
  { l2, isDirected }: Way,
  isOver: () => boolean,
): LinearClassifier {
  const known = isDirected ? knownRows(images) : undefined;
  if (known === undefined || images.known === undefined)
    return fitRows(featureRows(images), indices, l2, isOver);
  return images.known.fold(fitRows(known, indices, l2, isOver));
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
