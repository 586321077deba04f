import * as z from "zod/mini";
import type { PrecisionTarget } from "./calibration.ts";

const share = z.number().check(z.gte(0), z.lte(1));
const count = z.int().check(z.gte(0));
const area = z.nullable(share);

/** A share that was counted, with its 95 % confidence interval. */
const countedShareSchema = z.strictObject({ right: count, images: count, share, low: share, high: share });

/** A share that was counted, with its 95 % confidence interval (Wilson). */
export type CountedShare = z.infer<typeof countedShareSchema>;

/** `[actual, predicted, images]` of every pair that occurred: a confusion matrix that never outgrows the images. */
const confusionsSchema = z.array(z.tuple([count, count, count]));

/** `[actual, predicted, images]` of every pair that occurred. */
export type Confusions = z.infer<typeof confusionsSchema>;

const classRecordSchema = z.strictObject({
  label: z.string(),
  images: count,
  precision: share,
  recall: share,
  recallLow: share,
  recallHigh: share,
  f1: share,
  /** One class against the rest, by its probability; `null` when there is no image of it or no other. */
  auroc: area,
  averagePrecision: area,
  /** From the manifest. */
  threshold: share,
  /** Of the answers that name the class: how many reach the threshold, and how many of those are right. */
  answers: count,
  recognized: count,
  recognizedRight: count,
});

const calibrationBinSchema = z.strictObject({
  from: z.number(),
  to: z.number(),
  images: count,
  confidence: share,
  accuracy: share,
});

/** How one way of storing the weights did on the test split. */
export const precisionSchema = z.strictObject({
  /** `trained net` for the trained net itself. */
  scheme: z.string(),
  weightBytes: count,
  top1: countedShareSchema,
  expectedCalibrationError: share,
  /** Images whose top class is that of the trained net. */
  agreement: share,
  published: z.boolean(),
});

/** How one way of storing the weights did on the test split. */
export type PrecisionRecord = z.infer<typeof precisionSchema>;

const unknownSchema = z.strictObject({
  rule: z.enum(["none", "max-probability", "energy", "feature-distance"]),
  /** Share of the evaluated images that it calls unknown, though their class is known. */
  refused: share,
  /** Mean area under the ROC curve over the classes that were left out in turn; see `compareUnknownRules`. */
  auroc: z.nullable(z.strictObject({ "max-probability": area, energy: area, "feature-distance": area })),
  /** Labels of those classes. */
  heldOut: z.array(z.string()),
});

const precisionTargetSchema = z.strictObject({
  /** Wanted among the answers at or above a threshold. */
  precision: share,
  /** Classes that fall short of it on the calibration split: answers there at or above the threshold, and those right. */
  missed: z.array(z.strictObject({ label: z.string(), answers: count, right: count })),
});

/** What the thresholds aim at. */
export type PrecisionTargetRecord = z.infer<typeof precisionTargetSchema>;

/** What thresholds aim at, with the names of the classes that fall short of it. */
export function labelTarget(
  { precision, missed }: PrecisionTarget,
  labels: readonly string[],
): PrecisionTargetRecord {
  const named = missed.map(({ classIndex, ...counts }) => ({ label: labels[classIndex] ?? "", ...counts }));
  return { precision, missed: named };
}

/** What is known of the rule for `unknown`. */
export type UnknownRecord = z.infer<typeof unknownSchema>;

/**
 * `evaluation.json`: everything an evaluation of a bundle found; the manifest has the summary. The same release gives
 * the same bytes, so it holds no time.
 */
export const evaluationSchema = z.strictObject({
  schemaVersion: z.literal(1),
  labels: z.array(z.string()),
  images: count,
  top1: countedShareSchema,
  /** Of `k` classes, where there are more than that. */
  topK: z.array(z.strictObject({ k: count, ...countedShareSchema.shape })),
  macro: z.strictObject({ precision: share, recall: share, f1: share, auroc: area, averagePrecision: area }),
  perClass: z.array(classRecordSchema),
  confusions: confusionsSchema,
  temperature: z.number(),
  expectedCalibrationError: share,
  negativeLogLikelihood: z.number(),
  brierScore: z.number(),
  /** 15 bins of equal width. */
  calibrationBins: z.array(calibrationBinSchema),
  /** From the surest answer to all of them, at most 101 points. */
  coverage: z.array(z.strictObject({ threshold: share, coverage: share, accuracy: share })),
  /** Absent for a bundle that was evaluated without its release. */
  unknown: z.optional(unknownSchema),
  precisionTarget: z.optional(precisionTargetSchema),
  /** Of the trained net, when it was at hand. */
  floatConfusions: z.optional(confusionsSchema),
  precisions: z.optional(z.array(precisionSchema)),
});

/** Everything an evaluation of a bundle found. */
export type Evaluation = z.infer<typeof evaluationSchema>;

/** The file of a version that holds its {@link Evaluation}. */
export const evaluationFile = "evaluation.json";
