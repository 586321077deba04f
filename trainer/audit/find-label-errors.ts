import { probabilitiesOf } from "../evaluation/batch-inference.ts";
import { topClass } from "../evaluation/probability-quality.ts";
import { fitTemperature } from "../evaluation/temperature.ts";

/** What labels are judged by. */
export interface JudgedImages {
  /** [N, C]: of each image, by a model that has not seen it. */
  readonly logits: Float32Array;
  /** [N] class indices, as given. */
  readonly labels: Int32Array;
  readonly classes: number;
}

/** A label that is probably wrong. */
export interface LabelDoubt {
  /** Position of the image. */
  readonly index: number;
  /** The class it looks like. */
  readonly suggested: number;
  /** Out-of-fold probability of the given label, 0..1. */
  readonly confidence: number;
  /** Probability that the label is wrong, 0..1. */
  readonly doubt: number;
}

/** Share of wrong labels expected before looking: what studies of test sets found is 3 to 6 %. */
const priorErrors = 0.05;
/** From this doubt on a label is named; measured on flipped labels of photos with good and with poor features. */
const leastDoubt = 0.13;

/**
 * Labels that models of the other images find improbable.
 *
 * The doubt is the posterior of a label having been replaced by another at random, given how probable the others make
 * it (C. G. Northcutt et al., "Confident Learning", JAIR 2021, count such errors; here each has a probability of its
 * own, so that a weak model names few).
 * @returns the most doubtful first
 */
export function findLabelDoubts({ logits, labels, classes }: JudgedImages): LabelDoubt[] {
  const probabilities = probabilitiesOf(logits, classes, fitTemperature(logits, labels, classes));
  const other = priorErrors / (classes - 1);
  const doubts: LabelDoubt[] = [];
  for (const [index, label] of labels.entries()) {
    const suggested = topClass(probabilities, index * classes, classes);
    const confidence = probabilities[index * classes + label] as number;
    const truth = Math.min(1, Math.max(0, (confidence - other) / (1 - priorErrors - other)));
    const wrong = (1 - truth) * other;
    const doubt = wrong / (wrong + truth * (1 - priorErrors));
    if (suggested !== label && doubt >= leastDoubt) doubts.push({ index, suggested, confidence, doubt });
  }
  return doubts.toSorted((a, b) => b.doubt - a.doubt || a.confidence - b.confidence);
}
