import { fitLinearHead, headLogits } from "../evaluation/linear-head.ts";
import { stream } from "../training/random.ts";

/** Images to be judged, each by models of the others. */
export interface FoldedImages {
  /** [N] class indices, as given. */
  readonly labels: Int32Array;
  readonly classes: number;
  /** [N] images of one picture have one number, and are judged by the others. */
  readonly groups: ArrayLike<number>;
  readonly seed: number;
}

/** Some images to learn from, and others to judge. */
export interface Fold {
  readonly learnt: readonly number[];
  readonly judged: readonly number[];
}

/** Folds of even size, copies of a picture in one; one that would leave nothing to learn from or to judge is left out. */
export function drawFolds({ labels, groups, seed }: FoldedImages, count: number): Fold[] {
  const random = stream(seed, "audit/folds");
  const byGroup = [...Map.groupBy(labels.keys(), (i) => groups[i] ?? i).values()];
  const order = byGroup.map((members) => ({ members, at: random.uniform() })).toSorted((a, b) => a.at - b.at);
  const foldOf = new Int32Array(labels.length);
  for (const [rank, { members }] of order.entries())
    for (const member of members) foldOf[member] = rank % count;
  const every = [...labels.keys()];
  return Array.from({ length: count }, (_, fold) => ({
    learnt: every.filter((i) => foldOf[i] !== fold),
    judged: every.filter((i) => foldOf[i] === fold),
  })).filter(({ learnt, judged }) => learnt.length > 0 && judged.length > 0);
}

const linearFolds = 5;

/**
 * The logits of each image by a linear head that was fitted without it and its copies.
 * @param features [N, size] row-major
 * @returns [N, C]
 */
export async function judgeByFeatures(images: FoldedImages, features: Float32Array): Promise<Float32Array> {
  const { labels, classes } = images;
  const logits = new Float32Array(labels.length * classes);
  for (const { learnt, judged } of drawFolds(images, linearFolds)) {
    const head = await fitLinearHead(
      rowsOf(features, labels.length, learnt),
      labelsOf(labels, learnt),
      classes,
    );
    scatterRows(logits, await headLogits(head, rowsOf(features, labels.length, judged)), judged);
  }
  return logits;
}

/** [indices.length]: the labels of some images. */
export function labelsOf(labels: Int32Array, indices: readonly number[]): Int32Array {
  return Int32Array.from(indices, (i) => labels[i] as number);
}

/** Puts row after row of `rows` to the places `indices` of `all`. */
export function scatterRows(all: Float32Array, rows: Float32Array, indices: readonly number[]): void {
  const size = rows.length / indices.length;
  for (const [at, i] of indices.entries()) all.set(rows.subarray(at * size, (at + 1) * size), i * size);
}

function rowsOf(features: Float32Array, count: number, indices: readonly number[]): Float32Array {
  const size = features.length / count;
  const rows = new Float32Array(indices.length * size);
  for (const [at, i] of indices.entries()) rows.set(features.subarray(i * size, (i + 1) * size), at * size);
  return rows;
}
