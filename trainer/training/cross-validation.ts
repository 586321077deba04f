import type { DatasetImage } from "../../shared/contract/dataset.ts";
import { groupNearDuplicates } from "../data/near-duplicates.ts";
import { type Interval, wilsonInterval } from "../evaluation/interval.ts";
import { type EmbeddedImages, fitHead, foldHoldOuts, scoreHead } from "./head.ts";

/** What cross-validation says of a way to train, before any image of the test split is looked at. */
export interface CrossValidation {
  readonly folds: number;
  /** Images that were each classified once, by a head that had not seen them. */
  readonly images: number;
  /** Fraction, 0-1. */
  readonly top1Accuracy: number;
  /** Holds the true accuracy in 95 of 100 cases. */
  readonly interval: Interval;
}

/**
 * Deals images to folds: every class evenly, equal and nearly equal images to one fold, by their bytes alone.
 * @returns the fold of each image, 0..folds-1
 */
export function dealFolds(
  images: readonly Pick<DatasetImage, "sha256" | "perceptualHash" | "label">[],
  folds: number,
): Int32Array {
  const dealt = new Int32Array(images.length);
  const sha256Of = (group: readonly number[]): string =>
    group.map((member) => images[member]?.sha256 ?? "").toSorted()[0] ?? "";
  const groups = groupNearDuplicates(images)
    .map((members) => ({ members, sha256: sha256Of(members), label: images[members[0] ?? 0]?.label }))
    .toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1));
  // Classes go on where the one before ended, so that the folds are of one size.
  let next = 0;
  for (const ofLabel of Map.groupBy(groups, (group) => group.label).values()) {
    for (const { members } of ofLabel) {
      for (const member of members) dealt[member] = next % folds;
      next++;
    }
  }
  return dealt;
}

/**
 * Cross-validates the whole of {@link fitHead}: for every fold, the others train, and choose the penalty by holding each
 * of themselves back.
 * @param foldOf the fold of each image, from {@link dealFolds}
 */
export function crossValidateHead(
  images: EmbeddedImages,
  foldOf: Int32Array,
  folds: number,
): CrossValidation {
  const every = Array.from(foldOf.keys());
  const at = (index: number): number => foldOf[index] ?? 0;
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const others = every.filter((index) => at(index) !== fold);
    const test = every.filter((index) => at(index) === fold);
    const inner = Array.from({ length: folds }, (_, i) => i).filter((other) => other !== fold);
    const { classifier } = fitHead(images, others, foldHoldOuts(others, at, inner));
    right += Math.round(scoreHead(images, classifier, test).top1Accuracy * test.length);
  }
  const count = foldOf.length;
  return {
    folds,
    images: count,
    top1Accuracy: right / count,
    interval: wilsonInterval(right, count),
  };
}
