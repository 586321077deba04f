import { openInference } from "../engine/open-inference.ts";
import { probabilitiesOf } from "../evaluation/batch-inference.ts";
import { fitTemperature } from "../evaluation/temperature.ts";
import { scoreLogits } from "../training/validate.ts";
import type { AuditedImage } from "./examination.ts";
import { findLabelDoubts, type LabelDoubt } from "./find-label-errors.ts";
import { labelFeatures } from "./label-features.ts";
import { type FoldedImages, judgeByFeatures } from "./out-of-fold.ts";
import { judgeByTraining, leastForTraining } from "./trained-judges.ts";

/** Labels as other images make one see them. */
export interface JudgedLabels {
  /** What they were judged by. */
  readonly judge: string;
  readonly doubts: readonly LabelDoubt[];
}

/** A judge that agrees with fewer of the labels than this gets help: what it doubts is its own errors. */
const enoughAgreement = 0.9;

/**
 * Judges every label by a linear head on features of the other images; where that knows too little of them, by small
 * nets that are trained on the others too, whose probabilities are averaged with the head's.
 */
export async function judgeLabels(
  images: readonly AuditedImage[],
  folded: FoldedImages,
  onProgress: (phase: "embed" | "train", done: number, total: number) => void = () => undefined,
): Promise<JudgedLabels> {
  const { labels, classes } = folded;
  const { name, features } = await labelFeatures(images, (done, total) => onProgress("embed", done, total));
  await openInference();
  const logits = await judgeByFeatures(folded, features);
  const { top1Accuracy } = scoreLogits(logits, labels, classes);
  if (top1Accuracy >= enoughAgreement || images.length < leastForTraining) {
    return { judge: name, doubts: findLabelDoubts({ logits, labels, classes }) };
  }
  const trained = await judgeByTraining(images, folded, (done, total) => onProgress("train", done, total));
  const both = meanProbabilities([logits, trained], folded);
  return {
    judge: `small nets trained on the other half, and ${name}`,
    doubts: findLabelDoubts({ logits: both, labels, classes }),
  };
}

/** Of calibrated judges, as logits again. */
function meanProbabilities(judges: readonly Float32Array[], { labels, classes }: FoldedImages): Float32Array {
  const calibrated = judges.map((logits) =>
    probabilitiesOf(logits, classes, fitTemperature(logits, labels, classes)),
  );
  // Far below what anybody can be sure of, and no infinity.
  const least = 1e-6;
  return Float32Array.from({ length: labels.length * classes }, (_, i) => {
    const sum = calibrated.reduce((total, probabilities) => total + (probabilities[i] as number), 0);
    return Math.log(Math.max(least, sum / judges.length));
  });
}
