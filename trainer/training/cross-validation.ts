import type { DatasetImage } from "../../shared/contract/dataset.ts";
import { groupNearDuplicates } from "../data/near-duplicates.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import { fewImages } from "../evaluation/few-images.ts";
import { wilsonInterval } from "../evaluation/interval.ts";
import { type FitSubject, leastLoss, meanScore, openSubject } from "./choose-way.ts";
import { fitMacs, type HeadShape, prepareMacs, type Way, waysToFit } from "./fit-cost.ts";
import { type EmbeddedImages, fitRows, scoreRows } from "./fit-rows.ts";

/**
 * Deals images to folds: every class evenly, equal and nearly equal images and those of one source to one fold, by their
 * bytes alone.
 * @returns the fold of each image, 0..folds-1
 */
export function dealFolds(
  images: readonly Pick<DatasetImage, "sha256" | "perceptualHash" | "label" | "source">[],
  folds: number,
): Int32Array {
  const dealt = new Int32Array(images.length);
  const sha256Of = (group: readonly number[]): string =>
    group.map((member) => images[member]?.sha256 ?? "").toSorted()[0] ?? "";
  const groups = groupNearDuplicates(
    images,
    images.map(({ source }) => source),
  )
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

/** Folds of cross-validation, and of the choice of a way to learn. */
export const folds = 5;
/** Multiply-accumulates that take some half a minute. */
const shortMacs = 20e9;
/** For classes of few images, where it is worth a wait: a minute. */
const longMacs = 40e9;

/**
 * How much of {@link crossValidateHead} a shape can afford: `anew` chooses the way for every fold, as `fitHead` does for
 * all; `once` takes that of all. `null`: too long for either. Nothing in it depends on the machine.
 * @param smallestClass images of the smallest class
 */
export function affordableCrossValidation(
  shape: HeadShape,
  smallestClass: number,
): CrossValidation["choice"] | null {
  const macs = (way: Way, share: number): number => fitMacs(shape, way, share * shape.rows, true);
  const ways = waysToFit(shape.known !== null);
  const last = folds * Math.max(...ways.map((way) => macs(way, 1 - 1 / folds)));
  const pairs = (folds * (folds - 1)) / 2;
  const choosing = pairs * ways.reduce((sum, way) => sum + macs(way, 1 - 2 / folds), 0);
  const prepared = prepareMacs(shape);
  if (prepared + choosing + last <= shortMacs) return "anew";
  return smallestClass < fewImages && prepared + last <= longMacs ? "once" : null;
}

/**
 * Trains a head without each fold in turn and asks it about that fold.
 * @param foldOf the fold of each image, from {@link dealFolds}
 * @param way the one to learn; absent, it is chosen for every fold by holding each of the others back
 */
export function crossValidateHead(images: EmbeddedImages, foldOf: Int32Array, way?: Way): CrossValidation {
  const subject = openSubject(images);
  const every = Array.from(foldOf.keys());
  const without = (...left: number[]): number[] =>
    every.filter((index) => !left.includes(foldOf[index] ?? 0));
  const within = (fold: number): number[] => every.filter((index) => foldOf[index] === fold);
  const wayOf = way === undefined ? chooseByFold(subject, without, within) : (): Way => way;
  let right = 0;
  for (let fold = 0; fold < folds; fold++) {
    const test = within(fold);
    const chosen = wayOf(fold);
    const rows = subject.rowsOf(chosen);
    const classifier = fitRows(rows, without(fold), chosen.l2);
    right += Math.round(scoreRows(rows, classifier, test).top1Accuracy * test.length);
  }
  const count = foldOf.length;
  return {
    folds,
    images: count,
    top1Accuracy: right / count,
    interval: wilsonInterval(right, count),
    choice: way === undefined ? "anew" : "once",
  };
}

/** The best way for each fold by the others. What is learnt without two folds serves either of them. */
function chooseByFold(
  subject: FitSubject,
  without: (...left: number[]) => number[],
  within: (fold: number) => number[],
): (fold: number) => Way {
  const tried = subject.ways.map((way) => {
    const rows = subject.rowsOf(way);
    const scores = Array.from({ length: folds }, (): Parameters<typeof meanScore>[0][number][] => []);
    for (let one = 0; one < folds; one++) {
      for (let other = one + 1; other < folds; other++) {
        const classifier = fitRows(rows, without(one, other), way.l2);
        for (const [asked, forFold] of [
          [one, other],
          [other, one],
        ] as const) {
          const test = within(asked);
          scores[forFold]?.push({ weight: test.length, ...scoreRows(rows, classifier, test) });
        }
      }
    }
    return { way, scores };
  });
  return (fold) =>
    leastLoss(tried.map(({ way, scores }) => ({ way, validation: meanScore(scores[fold] ?? []) }))).way;
}
