import { AppError } from "../../shared/contract/errors.ts";
import type { Metrics } from "../../shared/contract/manifest.ts";
import {
  brierScore,
  expectedCalibrationError,
  negativeLogLikelihood,
  topClass,
} from "./probability-quality.ts";

/** Precision, recall and F1 of one class, each 0 where its denominator is 0. */
export type ClassMetrics = Metrics["perClass"][number];

/**
 * Everything the manifest says of an evaluation.
 * @param probabilities [N, C] row-major, 0..1, rows sum to 1
 * @param labels [N] class indices
 * @param labelSet the C names
 * @throws invalid_argument when the lengths disagree, a label is out of range or a number is not finite
 */
export function computeMetrics(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  labelSet: readonly string[],
): Metrics {
  const classes = labelSet.length;
  checkEvaluation(probabilities, labels, classes);
  const confusion = confusionMatrix(probabilities, labels, classes);
  const perClass = classMetrics(confusion, labelSet);
  return {
    images: labels.length,
    top1Accuracy: top1Accuracy(confusion),
    macroF1: macroF1(perClass),
    expectedCalibrationError: expectedCalibrationError(probabilities, labels, classes),
    negativeLogLikelihood: negativeLogLikelihood(probabilities, labels, classes),
    brierScore: brierScore(probabilities, labels, classes),
    perClass,
  };
}

/**
 * How often each class was taken for each.
 * Two images of class 0, one of them taken for class 1: `[[1, 1], [0, 0]]`.
 * @param probabilities [N, C] row-major, ties go to the lower index
 * @returns [C][C] counts, `[actual][predicted]`
 */
export function confusionMatrix(
  probabilities: ArrayLike<number>,
  labels: ArrayLike<number>,
  classes: number,
): number[][] {
  const counts = Array.from({ length: classes }, () => Array.from({ length: classes }, () => 0));
  for (let i = 0; i < labels.length; i++) {
    const row = counts[labels[i] as number] as number[];
    const predicted = topClass(probabilities, i * classes, classes);
    row[predicted] = (row[predicted] as number) + 1;
  }
  return counts;
}

/** Share of the images on the diagonal; 0..1, 0 when there are none. */
export function top1Accuracy(confusion: readonly (readonly number[])[]): number {
  const images = confusion.reduce((sum, row) => sum + total(row), 0);
  const right = confusion.reduce((sum, row, c) => sum + (row[c] ?? 0), 0);
  return images === 0 ? 0 : right / images;
}

/** Per class, from `[actual][predicted]` counts; a ratio without a denominator is 0. */
export function classMetrics(
  confusion: readonly (readonly number[])[],
  labelSet: readonly string[],
): ClassMetrics[] {
  return labelSet.map((label, c) => {
    const images = total(confusion[c] ?? []);
    const right = confusion[c]?.[c] ?? 0;
    const predicted = confusion.reduce((sum, row) => sum + (row[c] ?? 0), 0);
    const precision = predicted === 0 ? 0 : right / predicted;
    const recall = images === 0 ? 0 : right / images;
    const f1 = right === 0 ? 0 : (2 * precision * recall) / (precision + recall);
    return { label, images, precision, recall, f1 };
  });
}

/** Unweighted mean F1 over all classes, also those without images; 0..1. */
export function macroF1(perClass: readonly ClassMetrics[]): number {
  return perClass.length === 0 ? 0 : perClass.reduce((sum, entry) => sum + entry.f1, 0) / perClass.length;
}

function total(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0);
}

function checkEvaluation(probabilities: ArrayLike<number>, labels: ArrayLike<number>, classes: number): void {
  if (probabilities.length !== labels.length * classes) {
    throw new AppError(
      "invalid_argument",
      `${probabilities.length} probabilities do not fit ${labels.length} labels of ${classes} classes; ` +
        `pass ${labels.length * classes}`,
    );
  }
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i] as number;
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new AppError(
        "invalid_argument",
        `label ${label} of image ${i} is no class; allowed are 0 to ${classes - 1}`,
      );
    }
  }
  for (let i = 0; i < probabilities.length; i++) {
    if (!Number.isFinite(probabilities[i])) {
      throw new AppError(
        "invalid_argument",
        `probability ${i % classes} of image ${Math.floor(i / classes)} is ${probabilities[i]}, not a finite ` +
          `number; check the model's outputs`,
      );
    }
  }
}
