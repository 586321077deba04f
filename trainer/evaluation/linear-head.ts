import * as tf from "@tensorflow/tfjs-core";
import { descend, largestCurvature, multiply } from "./softmax-regression.ts";

/** A linear model on standardised features. */
export interface LinearHead {
  readonly classes: number;
  /** [size] */
  readonly mean: Float64Array;
  /** One for all features. */
  readonly deviation: number;
  /** [size + 1, C], the last row is the intercept. */
  readonly weights: Float32Array;
}

/** L2 penalty of a head, as a share of the largest curvature: what validated best on embeddings of few photos. */
const headPenalty = 1e-3;
const headIterations = 120;

/**
 * Fits a linear head to embeddings: softmax regression, features centred and divided by one common deviation.
 * Runs on the current tfjs backend and leaves no tensor behind.
 * @param embeddings [N, size] row-major
 * @param labels [N] class indices
 */
export async function fitLinearHead(
  embeddings: Float32Array,
  labels: Int32Array,
  classes: number,
): Promise<LinearHead> {
  const scaling = measureFeatures(embeddings, labels.length);
  const features = standardised(embeddings, scaling);
  const problem = { classes, features, transposed: tf.transpose(features), labels };
  try {
    let weights = new Float32Array(problem.transposed.shape[0] * classes);
    let iteration = 0;
    for await (weights of descend(problem, headPenalty, await largestCurvature(problem))) {
      iteration += 1;
      if (iteration === headIterations) break;
    }
    return { classes, ...scaling, weights };
  } finally {
    tf.dispose([problem.features, problem.transposed]);
  }
}

/** The logits of embeddings by a head. @param embeddings [N, size]  @returns [N, C] */
export async function headLogits(head: LinearHead, embeddings: Float32Array): Promise<Float32Array> {
  const features = standardised(embeddings, head);
  try {
    return await multiply(features, head.weights, head.classes);
  } finally {
    features.dispose();
  }
}

type Scaling = Pick<LinearHead, "mean" | "deviation">;

function measureFeatures(embeddings: Float32Array, rows: number): Scaling {
  const size = embeddings.length / rows;
  const mean = new Float64Array(size);
  for (let i = 0; i < embeddings.length; i++) {
    mean[i % size] = (mean[i % size] as number) + (embeddings[i] as number) / rows;
  }
  let squares = 0;
  for (let i = 0; i < embeddings.length; i++) {
    squares += ((embeddings[i] as number) - (mean[i % size] as number)) ** 2;
  }
  return { mean, deviation: Math.sqrt(squares / embeddings.length) || 1 };
}

/** [N, size + 1]; the caller disposes of it. */
function standardised(embeddings: Float32Array, { mean, deviation }: Scaling): tf.Tensor2D {
  const size = mean.length;
  const rows = embeddings.length / size;
  const values = new Float32Array(rows * (size + 1)).fill(1);
  for (let i = 0; i < embeddings.length; i++) {
    const column = i % size;
    values[i + Math.floor(i / size)] = ((embeddings[i] as number) - (mean[column] as number)) / deviation;
  }
  return tf.tensor2d(values, [rows, size + 1]);
}
