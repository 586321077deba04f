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
  /** What they were judged by, or why by nothing. */
  readonly judge: string;
  /** `null` where the judge knows too little to doubt anybody. */
  readonly doubts: readonly LabelDoubt[] | null;
}

/** A judge that agrees with fewer of the labels than this gets help: what it doubts is its own errors. */
const enoughAgreement = 0.9;
/** How far a judge must be on the way from naming the largest class always to agreeing with every label. */
const leastKnowledge = 0.4;

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
    return doubtsBy(name, logits, folded);
  }
  const trained = await judgeByTraining(images, folded, (done, total) => onProgress("train", done, total));
  const both = meanProbabilities([logits, trained], folded);
  return doubtsBy(`small nets trained on the other half, and ${name}`, both, folded);
}

function doubtsBy(judge: string, logits: Float32Array, { labels, classes }: FoldedImages): JudgedLabels {
  const { top1Accuracy } = scoreLogits(logits, labels, classes);
  const counts = [...Map.groupBy(labels, (label) => label).values()].map((members) => members.length);
  const majority = Math.max(...counts) / labels.length;
  if (top1Accuracy - majority < leastKnowledge * (1 - majority)) {
    const share = `${(100 * top1Accuracy).toFixed(0)} %`;
    return { judge: `nothing: ${judge}, agree with ${share} of them only`, doubts: null };
  }
  return { judge, doubts: findLabelDoubts({ logits, labels, classes }) };
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
