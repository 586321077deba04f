import { classWeights } from "./class-weights.ts";
import { addDirections, type Directions } from "./directions.ts";
import { minimize } from "./minimize.ts";

/** Rows of features whose classes are known. */
export interface LabelledFeatures {
  /** `[N, size]`, row-major. */
  readonly features: Float32Array;
  /** `[N]` */
  readonly labels: Int32Array;
  readonly size: number;
  readonly classes: number;
  /** Numbers that those of a row stand for, where they were turned to be fewer; the penalty counts these. @default size */
  readonly fullSize?: number;
}

/** A linear classifier: `logits = features * weights + bias`. */
export interface LinearClassifier {
  /** `[size, classes]`, row-major. */
  readonly weights: Float64Array;
  /** `[classes]` */
  readonly bias: Float64Array;
}

/** The penalty along known directions, as far as the features differ along them: just enough to keep weights finite. */
const directedPenalty = 5e-4;

/** Moves the features to their mean and divides them by one deviation for all, which keeps their proportions. */
interface Scaling {
  readonly mean: Float64Array;
  readonly deviation: number;
}

/**
 * Fits a classifier by softmax regression: the mean cross-entropy plus `l2 / 2` times the squared weights of the scaled
 * features. Classes of very different sizes count alike; see {@link classWeights}. Nothing in it is random.
 * @param l2 at least 0
 * @param directions along which weights are almost free of the penalty
 * @param isOver asked after every step; stops the fit where it is
 */
export function fitSoftmaxRegression(
  rows: LabelledFeatures,
  l2: number,
  directions?: Directions,
  isOver?: () => boolean,
): LinearClassifier {
  const { size, classes } = rows;
  const scaling = measureScaling(rows);
  const features = scaleFeatures(rows.features, scaling);
  if (directions === undefined)
    return unscale(solve({ ...rows, features }, l2, isOver), scaling, size, classes);
  // the larger a feature is, the less its weight is penalised
  const directed = addDirections(features, directions, Math.sqrt(l2 / directedPenalty));
  const solution = solve({ ...rows, features: directed.features, size: directed.size }, l2, isOver);
  return unscale(directed.fold(solution, classes), scaling, size, classes);
}

/** @param rows scaled @returns for each class a row of weights and a bias */
function solve(
  { features: scaled, size, classes, labels }: LabelledFeatures,
  l2: number,
  isOver: (() => boolean) | undefined,
): Float64Array {
  const weightOf = classWeights(labels, classes);
  const count = labels.length;
  // One row of `size` weights and a bias for each class.
  const width = size + 1;
  const logits = new Float64Array(classes);
  return minimize(
    (x, gradient) => {
      gradient.fill(0);
      let loss = 0;
      for (let row = 0; row < count; row++) {
        const start = row * size;
        for (let c = 0; c < classes; c++) logits[c] = linear(x, c * width, scaled, start, size);
        const label = labels[row] as number;
        const weight = (weightOf[label] as number) / count;
        loss += weight * toResiduals(logits, label);
        for (let c = 0; c < classes; c++) {
          const residual = (logits[c] as number) * weight;
          // What is this small changes no weight, and there are many such.
          if (Math.abs(residual) < 1e-12) continue;
          const offset = c * width;
          for (let i = 0; i < size; i++) {
            gradient[offset + i] =
              (gradient[offset + i] as number) + residual * (scaled[start + i] as number);
          }
          gradient[offset + size] = (gradient[offset + size] as number) + residual;
        }
      }
      return loss + addPenalty(x, gradient, l2, width);
    },
    new Float64Array(classes * width),
    isOver === undefined ? {} : { isOver },
  );
}

/** @returns `[N, classes]` @param features `[N, size]` */
export function linearLogits({ weights, bias }: LinearClassifier, features: Float32Array): Float32Array {
  const classes = bias.length;
  const size = weights.length / classes;
  const rows = features.length / size;
  const logits = new Float32Array(rows * classes);
  const sums = new Float64Array(classes);
  for (let row = 0; row < rows; row++) {
    sums.set(bias);
    for (let i = 0; i < size; i++) {
      const value = features[row * size + i] as number;
      for (let c = 0; c < classes; c++) {
        sums[c] = (sums[c] as number) + value * (weights[i * classes + c] as number);
      }
    }
    logits.set(sums, row * classes);
  }
  return logits;
}

/** Turns logits into probabilities minus the truth, in place. @returns the loss, in nats */
function toResiduals(logits: Float64Array, label: number): number {
  const own = logits[label] as number;
  let most = -Infinity;
  for (const logit of logits) most = Math.max(most, logit);
  let sum = 0;
  for (let c = 0; c < logits.length; c++) {
    logits[c] = Math.exp((logits[c] as number) - most);
    sum += logits[c] as number;
  }
  for (let c = 0; c < logits.length; c++) logits[c] = (logits[c] as number) / sum - (c === label ? 1 : 0);
  return Math.log(sum) + most - own;
}

/** The penalty on the weights, not on the biases; its gradient is added. */
function addPenalty(x: Float64Array, gradient: Float64Array, l2: number, width: number): number {
  let squares = 0;
  for (let i = 0; i < x.length; i++) {
    if (i % width === width - 1) continue;
    const weight = x[i] as number;
    squares += weight * weight;
    gradient[i] = (gradient[i] as number) + l2 * weight;
  }
  return (l2 / 2) * squares;
}

/** Four sums side by side, which the processor adds up at once; always in the same order. */
function linear(
  x: Float64Array,
  offset: number,
  features: Float32Array,
  start: number,
  size: number,
): number {
  let [a, b, c, d] = [0, 0, 0, 0];
  let i = 0;
  for (; i + 3 < size; i += 4) {
    a += (x[offset + i] as number) * (features[start + i] as number);
    b += (x[offset + i + 1] as number) * (features[start + i + 1] as number);
    c += (x[offset + i + 2] as number) * (features[start + i + 2] as number);
    d += (x[offset + i + 3] as number) * (features[start + i + 3] as number);
  }
  for (; i < size; i++) a += (x[offset + i] as number) * (features[start + i] as number);
  return a + b + c + d + (x[offset + size] as number);
}

function measureScaling({ features, labels, size, fullSize = size }: LabelledFeatures): Scaling {
  const count = Math.max(1, labels.length);
  const mean = new Float64Array(size);
  for (let i = 0; i < features.length; i++) {
    mean[i % size] = (mean[i % size] as number) + (features[i] as number) / count;
  }
  let squares = 0;
  for (let i = 0; i < features.length; i++)
    squares += ((features[i] as number) - (mean[i % size] as number)) ** 2;
  return { mean, deviation: Math.sqrt(squares / (count * fullSize)) || 1 };
}

function scaleFeatures(features: Float32Array, { mean, deviation }: Scaling): Float32Array {
  const { length: size } = mean;
  return features.map((value, i) => (value - (mean[i % size] as number)) / deviation);
}

/** The same classifier for features as they are. */
function unscale(
  solution: Float64Array,
  { mean, deviation }: Scaling,
  size: number,
  classes: number,
): LinearClassifier {
  const weights = new Float64Array(size * classes);
  const bias = new Float64Array(classes);
  for (let c = 0; c < classes; c++) {
    const offset = c * (size + 1);
    let moved = solution[offset + size] as number;
    for (let i = 0; i < size; i++) {
      const weight = (solution[offset + i] as number) / deviation;
      weights[i * classes + c] = weight;
      moved -= weight * (mean[i] as number);
    }
    bias[c] = moved;
  }
  return { weights, bias };
}
