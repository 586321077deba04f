import { fitLinearHead, headLogits } from "../evaluation/linear-head.ts";
import { topClass } from "../evaluation/probability-quality.ts";
import { probabilitiesOf } from "../evaluation/batch-inference.ts";
import { fitTemperature } from "../evaluation/temperature.ts";
import { stream } from "../training/random.ts";

/** What labels are judged by. */
export interface LabelledFeatures {
  /** [N, size] row-major */
  readonly features: Float32Array;
  /** [N] class indices, as given. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** [N] images of one picture have one number, and are judged by the others. */
  readonly groups: ArrayLike<number>;
  readonly seed: number;
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

const folds = 5;
/** Share of wrong labels expected before looking: what studies of test sets found is 3 to 6 %. */
const priorErrors = 0.05;
/** From this doubt on a label is named; measured on flipped labels of photos with good and with poor features. */
const leastDoubt = 0.13;

/**
 * Labels that a linear model fitted to the other images finds improbable: 5-fold, temperature-scaled.
 *
 * The doubt is the posterior of a label having been replaced by another at random, given how probable the others make
 * it (C. G. Northcutt et al., "Confident Learning", JAIR 2021, count such errors; here each has a probability of its
 * own, so that a weak model names few).
 * @returns the most doubtful first
 */
export async function findLabelDoubts(request: LabelledFeatures): Promise<LabelDoubt[]> {
  const { labels, classes } = request;
  const logits = await outOfFoldLogits(request);
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

/** [N, C]: the logits of each image by a head that was fitted without it and its copies. */
async function outOfFoldLogits(request: LabelledFeatures): Promise<Float32Array> {
  const { labels, classes } = request;
  const foldOf = drawFolds(request);
  const logits = new Float32Array(labels.length * classes);
  for (let fold = 0; fold < folds; fold++) {
    const inside = [...labels.keys()].filter((i) => foldOf[i] === fold);
    const outside = [...labels.keys()].filter((i) => foldOf[i] !== fold);
    if (inside.length === 0 || outside.length === 0) continue;
    const head = await fitLinearHead(
      rowsOf(request, outside),
      Int32Array.from(outside, (i) => labels[i] as number),
      classes,
    );
    const found = await headLogits(head, rowsOf(request, inside));
    for (const [at, i] of inside.entries()) {
      logits.set(found.subarray(at * classes, (at + 1) * classes), i * classes);
    }
  }
  return logits;
}

function rowsOf({ features, labels }: LabelledFeatures, indices: readonly number[]): Float32Array {
  const size = features.length / labels.length;
  const rows = new Float32Array(indices.length * size);
  for (const [at, i] of indices.entries()) rows.set(features.subarray(i * size, (i + 1) * size), at * size);
  return rows;
}

/** [N]: folds of even size, copies of a picture in one. */
function drawFolds({ labels, groups, seed }: LabelledFeatures): Int32Array {
  const random = stream(seed, "audit/folds");
  const byGroup = [...Map.groupBy(labels.keys(), (i) => groups[i] ?? i).values()];
  const order = byGroup.map((members) => ({ members, at: random.uniform() })).toSorted((a, b) => a.at - b.at);
  const foldOf = new Int32Array(labels.length);
  for (const [rank, { members }] of order.entries())
    for (const member of members) foldOf[member] = rank % folds;
  return foldOf;
}
