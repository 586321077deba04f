import type { UnknownRule } from "../../shared/contract/manifest.ts";
import { softmax } from "../../shared/inference/softmax.ts";
import { topClass } from "./probability-quality.ts";
import { fitTemperature } from "./temperature.ts";

/** What the calibration split decides, and nothing else may. */
export interface Calibration {
  /** T > 0; probabilities = softmax(logits / T). */
  readonly temperature: number;
  /** [C], the same value for each class; see {@link chooseThreshold}. */
  readonly thresholds: readonly number[];
  readonly unknown: UnknownRule;
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
/** Below this many a quantile of 1 % lies outside of what was seen. */
const leastImagesForUnknown = 100;

/**
 * Temperature, thresholds and the rule for `unknown`, from the calibration split.
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
  const answers = Array.from(labels, (label, i): Answer => {
    const row = softmax(logits.subarray(i * classes, (i + 1) * classes), temperature);
    const top = topClass(row, 0, classes);
    return { probability: row[top] as number, right: top === label };
  });
  const threshold = chooseThreshold(answers, targets.precision);
  return {
    temperature,
    thresholds: Array.from({ length: classes }, () => threshold),
    unknown: chooseUnknownRule(answers, targets.unknownFraction),
  };
}

/** The top probability of one image and whether that class is the right one. */
export interface Answer {
  readonly probability: number;
  readonly right: boolean;
}

/**
 * The lowest threshold at which the answers at or above it have the wanted precision: one number for all classes,
 * since a calibration split has too few images of each for one a class.
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

/**
 * Below which top probability an image counts as none of the classes.
 * Only familiar images are at hand, so the threshold bounds what is refused by mistake: at most `unknownFraction`
 * of the calibration images lie below it. `none` with fewer than 100 images.
 */
export function chooseUnknownRule(answers: readonly Answer[], unknownFraction: number): UnknownRule {
  if (answers.length < leastImagesForUnknown) return { rule: "none" };
  const sorted = answers.map((answer) => answer.probability).toSorted((a, b) => a - b);
  const threshold = sorted[Math.floor(sorted.length * unknownFraction)];
  return threshold === undefined ? { rule: "none" } : { rule: "max-probability", threshold };
}
