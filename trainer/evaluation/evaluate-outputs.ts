import { answersOf, type NamedAnswer } from "./calibration.ts";
import { coverageCurve } from "./coverage.ts";
import type { Confusions, CountedShare, Evaluation } from "./evaluation-record.ts";
import { wilsonInterval } from "./interval.ts";
import { computeMetrics, confusionMatrix } from "./metrics.ts";
import { calibrationBins } from "./probability-quality.ts";
import { rankScores, thinned } from "./ranking.ts";

/** What a bundle answered, and what it is to be judged by. */
export interface AnsweredImages {
  /** [N, C] row-major, rows sum to 1. */
  readonly probabilities: Float32Array;
  /** [N] class indices. */
  readonly actual: ArrayLike<number>;
  /** The C names. */
  readonly labels: readonly string[];
  readonly temperature: number;
  /** [C] */
  readonly thresholds: readonly number[];
}

const topKs = [3, 5] as const;
const coveragePoints = 101;

/**
 * Everything that the answers of a bundle tell of it.
 * @throws invalid_argument when the lengths disagree, a label is out of range or a number is not finite
 */
export function evaluateOutputs(answered: AnsweredImages): Evaluation {
  const { probabilities, actual, labels } = answered;
  const classes = labels.length;
  const metrics = computeMetrics(probabilities, actual, labels);
  const answers = answersOf(probabilities, actual, classes);
  const right = answers.filter((answer) => answer.right).length;
  const perClass = describeClasses(answered, metrics.perClass, answers);
  return {
    schemaVersion: 1,
    labels: [...labels],
    images: answers.length,
    top1: countedShare(right, answers.length),
    topK: topKs
      .filter((k) => k < classes)
      .map((k) => ({ k, ...countedShare(countWithin(answered, k), answers.length) })),
    macro: {
      precision: mean(perClass.map(({ precision }) => precision)) ?? 0,
      recall: mean(perClass.map(({ recall }) => recall)) ?? 0,
      f1: metrics.macroF1,
      auroc: mean(perClass.flatMap(({ auroc }) => auroc ?? [])),
      averagePrecision: mean(perClass.flatMap(({ averagePrecision }) => averagePrecision ?? [])),
    },
    perClass,
    confusions: sparseConfusions(probabilities, actual, classes),
    temperature: answered.temperature,
    expectedCalibrationError: metrics.expectedCalibrationError,
    negativeLogLikelihood: metrics.negativeLogLikelihood,
    brierScore: metrics.brierScore,
    calibrationBins: calibrationBins(probabilities, actual, classes),
    coverage: thinned(coverageCurve(answers), coveragePoints),
  };
}

/** A share of images with its 95 % confidence interval. */
export function countedShare(right: number, images: number): CountedShare {
  return { right, images, share: images === 0 ? 0 : right / images, ...wilsonInterval(right, images) };
}

/** The confusion matrix as the pairs that occurred, `[actual, predicted, images]`. */
export function sparseConfusions(
  probabilities: ArrayLike<number>,
  actual: ArrayLike<number>,
  classes: number,
): Confusions {
  return confusionMatrix(probabilities, actual, classes).flatMap((row, c) =>
    row.flatMap((images, predicted): Confusions => (images > 0 ? [[c, predicted, images]] : [])),
  );
}

function describeClasses(
  { probabilities, actual, labels, thresholds }: AnsweredImages,
  perClass: ReturnType<typeof computeMetrics>["perClass"],
  answers: readonly NamedAnswer[],
): Evaluation["perClass"] {
  const naming = Map.groupBy(answers, (answer) => answer.classIndex);
  return perClass.map((entry, c) => {
    const scores = Float32Array.from(actual, (_, i) => probabilities[i * labels.length + c] as number);
    const ranking = rankScores(
      scores,
      Uint8Array.from(actual, (label) => Number(label === c)),
    );
    const { low, high } = wilsonInterval(Math.round(entry.recall * entry.images), entry.images);
    const threshold = thresholds[c] ?? 0;
    const own = naming.get(c) ?? [];
    const recognized = own.filter((answer) => answer.probability >= threshold);
    return {
      ...entry,
      recallLow: low,
      recallHigh: high,
      auroc: ranking?.auroc ?? null,
      averagePrecision: ranking?.averagePrecision ?? null,
      threshold,
      answers: own.length,
      recognized: recognized.length,
      recognizedRight: recognized.filter((answer) => answer.right).length,
    };
  });
}

/** Images whose class is among the `k` most probable; among equals the lower index ranks first. */
function countWithin({ probabilities, actual, labels }: AnsweredImages, k: number): number {
  const classes = labels.length;
  let within = 0;
  for (let i = 0; i < actual.length; i++) {
    const wanted = actual[i] as number;
    const own = probabilities[i * classes + wanted] as number;
    let before = 0;
    for (let c = 0; c < classes; c++) {
      const other = probabilities[i * classes + c] as number;
      if (other > own || (other === own && c < wanted)) before += 1;
    }
    within += before < k ? 1 : 0;
  }
  return within;
}

function mean(values: readonly number[]): number | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
}
