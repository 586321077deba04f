import { probabilitiesOf } from "./batch-inference.ts";
import { topClass } from "./probability-quality.ts";
import { fitTemperature } from "./temperature.ts";

/** What the calibration split decides of the probabilities, and nothing else may. */
export interface Calibration {
  /** T > 0; probabilities = softmax(logits / T). */
  readonly temperature: number;
  /** [C]; see {@link chooseThresholds}. */
  readonly thresholds: readonly number[];
  /** What the thresholds aim at; absent where none was aimed at. */
  readonly target?: PrecisionTarget;
}

/** A precision that thresholds aim at, and where they fall short of it on the calibration split. */
export interface PrecisionTarget {
  /** Wanted among the answers at or above the threshold; 0..1. */
  readonly precision: number;
  readonly missed: readonly MissedClass[];
}

/** A class whose answers at or above its threshold are less often right than wanted. */
export interface MissedClass {
  /** 0..C-1 */
  readonly classIndex: number;
  /** Of the calibration images, those that are answered with the class at or above its threshold. */
  readonly answers: number;
  readonly right: number;
}

/** What the thresholds aim at. */
export interface CalibrationTargets {
  /** Precision wanted among the answers at or above the threshold; 0..1. */
  readonly precision: number;
  /** Share of familiar images that may be called unknown; 0..1. */
  readonly unknownFraction: number;
}

/** The targets of a release that names none. */
export const defaultCalibrationTargets: CalibrationTargets = { precision: 0.95, unknownFraction: 0.01 };

/** Below this many images a threshold would be chosen by chance. */
const leastImagesForThreshold = 20;
/** Answers that name a class from which on it gets a threshold of its own. */
const leastAnswersForOwn = 50;

/**
 * Temperature and thresholds, from the calibration split.
 * @param logits [N, C] row-major, finite
 * @param labels [N] class indices
 */
export function calibrate(
  logits: Float32Array,
  labels: ArrayLike<number>,
  classes: number,
  targets: CalibrationTargets = defaultCalibrationTargets,
): Calibration {
  const temperature = fitTemperature(logits, labels, classes);
  const probabilities = probabilitiesOf(logits, classes, temperature);
  const answers = answersOf(probabilities, labels, classes);
  const { precision } = targets;
  const thresholds = chooseThresholds(answers, classes, precision);
  return {
    temperature,
    thresholds,
    target: { precision, missed: missedClasses(answers, thresholds, precision) },
  };
}

/**
 * The classes that fall short of a precision at their thresholds: those that no cut makes precise enough, and those with
 * too few answers for a threshold of their own that are worse than the others.
 * @param thresholds [C]  @param precision wanted, 0..1
 */
export function missedClasses(
  answers: readonly NamedAnswer[],
  thresholds: readonly number[],
  precision: number,
): MissedClass[] {
  const byClass = Map.groupBy(answers, (answer) => answer.classIndex);
  return thresholds
    .map((threshold, classIndex): MissedClass => {
      const kept = (byClass.get(classIndex) ?? []).filter((answer) => answer.probability >= threshold);
      return { classIndex, answers: kept.length, right: kept.filter((answer) => answer.right).length };
    })
    .filter((entry) => entry.right < precision * entry.answers);
}

/** The top probability of one image and whether that class is the right one. */
export interface Answer {
  readonly probability: number;
  readonly right: boolean;
}

/** An answer with the class it names. */
export interface NamedAnswer extends Answer {
  /** 0..C-1 */
  readonly classIndex: number;
}

/** The top answer of every image. @param probabilities [N, C] row-major  @param labels [N] class indices */
export function answersOf(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): NamedAnswer[] {
  return Array.from(labels, (label, i) => {
    const classIndex = topClass(probabilities, i * classes, classes);
    const probability = probabilities[i * classes + classIndex] as number;
    return { classIndex, probability, right: classIndex === label };
  });
}

/**
 * The threshold of each class that gives the answers naming it the wanted precision; one for all classes where fewer
 * than 50 answers name the class, which would decide by chance.
 * @param precision wanted, 0..1
 * @returns [C], 0..1
 */
export function chooseThresholds(
  answers: readonly NamedAnswer[],
  classes: number,
  precision: number,
): number[] {
  const shared = chooseThreshold(answers, precision);
  const byClass = Map.groupBy(answers, (answer) => answer.classIndex);
  return Array.from({ length: classes }, (_, c) => {
    const own = byClass.get(c) ?? [];
    return own.length < leastAnswersForOwn ? shared : chooseThreshold(own, precision);
  });
}

/**
 * The lowest threshold at which the answers at or above it have the wanted precision.
 *
 * Cuts that would keep fewer than a tenth of the images (or fewer than 10) do not count. When no other cut reaches
 * the precision, the one that comes nearest is taken, the lower of equals. 0, which refuses nothing, when all
 * answers together are precise enough or when there are fewer than 20.
 * @param precision wanted, 0..1
 * @returns 0..1
 */
export function chooseThreshold(answers: readonly Answer[], precision: number): number {
  if (answers.length < leastImagesForThreshold) return 0;
  const sorted = answers.toSorted((a, b) => b.probability - a.probability);
  const leastKept = Math.max(10, Math.ceil(answers.length / 10));
  let right = 0;
  let lowest: number | undefined;
  let nearest = { precision: -1, threshold: 0 };
  for (const [index, answer] of sorted.entries()) {
    right += answer.right ? 1 : 0;
    const next = sorted[index + 1];
    const kept = index + 1;
    if (kept < leastKept || next?.probability === answer.probability) continue;
    const threshold = next === undefined ? 0 : between(next.probability, answer.probability);
    const reached = right / kept;
    if (reached >= precision) lowest = threshold;
    if (reached >= nearest.precision) nearest = { precision: reached, threshold };
  }
  return lowest ?? nearest.threshold;
}

/** A number above `low`, at most `high`: their middle, unless they are neighbours. */
function between(low: number, high: number): number {
  const middle = (low + high) / 2;
  return middle > low ? middle : high;
}
