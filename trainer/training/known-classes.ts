import type { Directions } from "./directions.ts";
import type { LinearClassifier } from "./softmax-regression.ts";

/** The linear classifier that a backbone came with: what it was trained to tell apart. */
export interface KnownClassifier {
  /** `[size, known]`, row-major: one column for each class it knows. */
  readonly weights: Float32Array;
  /** `[known]` */
  readonly bias: Float32Array;
}

/** How that classifier sees some images. */
export interface KnownClasses {
  /** How many classes it knows. */
  readonly size: number;
  /** `[N, size]` for each view: its logits. */
  readonly views: readonly [Float32Array, ...Float32Array[]];
  /**
   * For each class of a dataset, the known classes that its images look like more than those of the others do.
   * @param indices of the images that may be looked at  @param labels of all images
   */
  directions(indices: readonly number[], labels: Int32Array, classes: number): Directions;
  /** The same classifier of its logits, for the features that they are computed from. */
  fold(classifier: LinearClassifier): LinearClassifier;
}

/** Multiply-accumulates that looking may take, some four seconds; more images than that need no help. */
const mostMacs = 4e9;
/** Images of a class that are looked at; more change little. */
const mostSeen = 64;
/** Makes the few known classes that fit stand out from the many that fit a little. */
const sharpness = 2;

/**
 * How many classes a classifier knows.
 * @returns `null` for more rows of features than are worth the time of looking at them
 */
export function knownWithin({ weights, bias }: KnownClassifier, rows: number): number | null {
  return rows * weights.length > mostMacs ? null : bias.length;
}

/**
 * Looks at images through the classifier of their backbone. Of a class with few images, which known classes they
 * resemble is soon known (after LEEP, Nguyen et al. 2020), and those were learnt from a thousand photos each.
 * @param features `[N, size]` for each view of the images, the first as they are
 * @returns `undefined` for more images than are worth the time
 */
export function openKnownClasses(
  classifier: KnownClassifier,
  features: readonly [Float32Array, ...Float32Array[]],
): KnownClasses | undefined {
  const size = classifier.weights.length / classifier.bias.length;
  if (knownWithin(classifier, (features.length * features[0].length) / size) === null) return undefined;
  const { weights, bias } = centred(classifier);
  const known = bias.length;
  const look = (rows: Float32Array): Float32Array => logitsOf(rows, weights, bias);
  const [plain, ...changed] = features;
  const views = [look(plain), ...changed.map(look)] as const;
  const shares = views[0].slice();
  for (let start = 0; start < shares.length; start += known) softmax(shares.subarray(start, start + known));

  function likeness(members: readonly number[]): Float64Array {
    const sum = new Float64Array(known);
    for (const index of members) {
      for (let k = 0; k < known; k++) sum[k] = (sum[k] as number) + (shares[index * known + k] as number);
    }
    return normalized(normalized(sum).map((share) => share ** sharpness));
  }

  return {
    size: known,
    views,
    directions: (indices, labels, classes) => {
      const values = new Float64Array(known * classes);
      for (let c = 0; c < classes; c++) {
        const alike = likeness(indices.filter((index) => labels[index] === c).slice(0, mostSeen));
        alike.forEach((share, k) => (values[k * classes + c] = share));
      }
      centreRows(values, classes);
      return { count: classes, values };
    },
    fold: (ofLogits) => foldLogits(ofLogits, weights, bias),
  };
}

/** Without what all known classes have in common, which tells none of them apart. */
function centred({ weights, bias }: KnownClassifier): KnownClassifier {
  const moved = { weights: weights.slice(), bias: bias.slice() };
  const known = bias.length;
  centreRows(moved.weights, known);
  centreRows(moved.bias, known);
  return moved;
}

/** Takes the mean of each row from it. */
function centreRows(rows: Float32Array | Float64Array, length: number): void {
  for (let start = 0; start < rows.length; start += length) {
    let mean = 0;
    for (let i = start; i < start + length; i++) mean += (rows[i] as number) / length;
    for (let i = start; i < start + length; i++) rows[i] = (rows[i] as number) - mean;
  }
}

/** @returns `[N, known]` @param features `[N, size]` @param weights `[size, known]` */
function logitsOf(features: Float32Array, weights: Float32Array, bias: Float32Array): Float32Array {
  const known = bias.length;
  const size = weights.length / known;
  const logits = new Float32Array((features.length / size) * known);
  const sums = new Float64Array(known);
  for (let start = 0, target = 0; start < features.length; start += size, target += known) {
    sums.set(bias);
    for (let i = 0; i < size; i++) {
      const value = features[start + i] as number;
      // after a ReLU many are
      if (value === 0) continue;
      for (let k = 0; k < known; k++)
        sums[k] = (sums[k] as number) + value * (weights[i * known + k] as number);
    }
    logits.set(sums, target);
  }
  return logits;
}

function foldLogits(
  { weights: ofLogits, bias: own }: LinearClassifier,
  weights: Float32Array,
  bias: Float32Array,
): LinearClassifier {
  const known = bias.length;
  const classes = own.length;
  const folded = new Float64Array((weights.length / known) * classes);
  const through = (row: Float32Array, c: number): number =>
    row.reduce((sum, value, k) => sum + value * (ofLogits[k * classes + c] as number), 0);
  for (let c = 0; c < classes; c++) {
    for (let i = 0; i * known < weights.length; i++) {
      folded[i * classes + c] = through(weights.subarray(i * known, (i + 1) * known), c);
    }
  }
  return { weights: folded, bias: own.map((value, c) => value + through(bias, c)) };
}

/** In place. */
function softmax(row: Float32Array): void {
  const most = row.reduce((a, b) => Math.max(a, b));
  row.forEach((logit, k) => (row[k] = Math.exp(logit - most)));
  const sum = row.reduce((a, b) => a + b, 0);
  row.forEach((share, k) => (row[k] = share / sum));
}

/** Divided by the sum, all alike where that is 0. */
function normalized(values: Float64Array): Float64Array {
  const sum = values.reduce((a, b) => a + b, 0);
  return sum > 0 ? values.map((value) => value / sum) : values.fill(1 / values.length);
}
