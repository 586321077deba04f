import * as tf from "@tensorflow/tfjs-core";
import { probabilitiesOf } from "./batch-inference.ts";

/** Rows of numbers with a class each; D counts a last column of ones for the intercept. */
export interface RegressionProblem {
  readonly classes: number;
  /** [N, D] */
  readonly features: tf.Tensor2D;
  /** [D, N] */
  readonly transposed: tf.Tensor2D;
  /** [N] class indices */
  readonly labels: Int32Array;
}

/**
 * Weights after each step of Nesterov's accelerated descent of the mean negative log-likelihood from zero, with the
 * step that the largest curvature allows; nothing in it is random.
 * @param penalty L2, as a share of the largest curvature
 * @returns [D, C] a step, without end
 */
export async function* descend(
  problem: RegressionProblem,
  penalty: number,
  curvature: number,
): AsyncGenerator<Float32Array<ArrayBuffer>, never> {
  const decay = penalty * curvature;
  const step = 1 / (curvature + decay);
  let weights = new Float32Array(problem.transposed.shape[0] * problem.classes);
  let previous = weights;
  for (let iteration = 0; ; iteration++) {
    const momentum = iteration / (iteration + 3);
    const [from, before] = [weights, previous];
    const ahead = from.map((weight, i) => weight + momentum * (weight - (before[i] as number)));
    const slope = await gradient(problem, ahead);
    previous = weights;
    weights = ahead.map((weight, i) => weight - step * ((slope[i] as number) + decay * weight));
    yield weights;
  }
}

/**
 * A bound on the second derivative in any direction: half the largest eigenvalue of the features' covariance (Böhning
 * 1992), by power iteration, with a tenth to spare.
 */
export async function largestCurvature({ features, transposed, labels }: RegressionProblem): Promise<number> {
  let direction = new Float32Array(transposed.shape[0]).fill(1 / Math.sqrt(transposed.shape[0]));
  let eigenvalue = 0;
  for (let round = 0; round < 20; round++) {
    const image = await multiply(transposed, await multiply(features, direction, 1), 1);
    const length = Math.sqrt(image.reduce((sum, value) => sum + value * value, 0));
    if (length === 0) break;
    eigenvalue = length / labels.length;
    direction = Float32Array.from(image, (value) => value / length);
  }
  return 0.55 * Math.max(eigenvalue, 1);
}

/** `matrix x factor`. @param factor [columns of matrix, columns], row-major  @returns [rows of matrix, columns] */
export async function multiply(
  matrix: tf.Tensor2D,
  factor: Float32Array,
  columns: number,
): Promise<Float32Array<ArrayBuffer>> {
  const product = tf.tidy(() => tf.matMul(matrix, tf.tensor2d(factor, [matrix.shape[1], columns])));
  const values = await product.data<"float32">();
  product.dispose();
  return Float32Array.from(values);
}

/** Gradient of the mean negative log-likelihood. @returns [D, C] */
async function gradient(problem: RegressionProblem, weights: Float32Array): Promise<Float32Array> {
  const { classes, labels } = problem;
  const logits = await multiply(problem.features, weights, classes);
  const errors = probabilitiesOf(logits, classes, 1);
  for (const [i, label] of labels.entries()) {
    const at = i * classes + label;
    errors[at] = (errors[at] as number) - 1;
  }
  return multiply(
    problem.transposed,
    errors.map((error) => error / labels.length),
    classes,
  );
}
