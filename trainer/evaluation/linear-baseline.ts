import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { imageCount, type ImageSet } from "../data/image-set.ts";
import { probabilitiesOf } from "./batch-inference.ts";
import { confusionMatrix, top1Accuracy } from "./metrics.ts";
import { measureScaling, pixelFeatures, spreadRows } from "./pixel-features.ts";
import { negativeLogLikelihood } from "./probability-quality.ts";
import { descend, largestCurvature, multiply, type RegressionProblem } from "./softmax-regression.ts";

/** What the best linear model on the pixels can do. */
export interface LinearBaseline {
  readonly testTop1Accuracy: number;
  readonly validationTop1Accuracy: number;
  /** Strength of the L2 penalty that validated best, as a share of the largest curvature. */
  readonly penalty: number;
  /** Training images used. */
  readonly trainImages: number;
}

/** The splits that the baseline sees, decoded at the model's input size. */
export interface BaselineSplits {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly test: ImageSet;
}

const penalties = [0, 1e-4, 1e-2];
const mostIterations = 150;
/** Iterations without a better validation after which a fit stops. */
const patience = 25;
/** Training pixels in memory as float32, at most; beyond it an even share of the images is used. */
const mostFeatureBytes = 256 * 1024 * 1024;

/**
 * Multinomial logistic regression on standardised pixels: how far one gets without a convolution.
 *
 * Fitted on all training images at once by Nesterov's accelerated descent from zero, with the step that the largest
 * curvature allows; penalty and iteration are those of the best validation accuracy. Nothing in it is random.
 * Runs on the current tfjs backend and leaves no tensor behind.
 * @throws invalid_dataset when a split is empty
 */
export async function fitLinearBaseline({
  train,
  validation,
  test,
}: BaselineSplits): Promise<LinearBaseline> {
  checkSplits({ train, validation, test });
  const { classes } = train;
  const rows = spreadRows(train, Math.floor(mostFeatureBytes / (train.width * train.height * 3 * 4)));
  const scaling = measureScaling(train, rows);
  const features = pixelFeatures(train, rows, scaling);
  const transposed = tf.transpose(features);
  const validationFeatures = pixelFeatures(validation, spreadRows(validation, Infinity), scaling);
  const testFeatures = pixelFeatures(test, spreadRows(test, Infinity), scaling);
  try {
    const problem = {
      classes,
      features,
      transposed,
      labels: Int32Array.from(rows, (row) => train.labels[row] as number),
      validationFeatures,
      validationLabels: validation.labels,
    };
    const best = await fitBestPenalty(problem);
    const logits = await multiply(testFeatures, best.weights, classes);
    return {
      testTop1Accuracy: accuracyOf(logits, test.labels, classes),
      validationTop1Accuracy: best.accuracy,
      penalty: best.penalty,
      trainImages: rows.length,
    };
  } finally {
    tf.dispose([features, transposed, validationFeatures, testFeatures]);
  }
}

/** A fit with what it is chosen by. */
interface Problem extends RegressionProblem {
  readonly validationFeatures: tf.Tensor2D;
  readonly validationLabels: Int32Array;
}

/** Weights and how they validate. */
interface Fit {
  readonly penalty: number;
  /** [D, C] */
  readonly weights: Float32Array;
  readonly accuracy: number;
  /** Nats; tells equal accuracies apart. */
  readonly loss: number;
}

async function fitBestPenalty(problem: Problem): Promise<Fit> {
  const curvature = await largestCurvature(problem);
  const zeros = new Float32Array(problem.transposed.shape[0] * problem.classes);
  let best = await validate(problem, zeros, 0);
  for (const penalty of penalties) {
    const fit = await fitPenalty(problem, penalty, curvature);
    if (isBetter(fit, best)) best = fit;
  }
  return best;
}

async function fitPenalty(problem: Problem, penalty: number, curvature: number): Promise<Fit> {
  const zeros = new Float32Array(problem.transposed.shape[0] * problem.classes);
  let best = await validate(problem, zeros, penalty);
  let iteration = 0;
  let since = 0;
  for await (const weights of descend(problem, penalty, curvature)) {
    const fit = await validate(problem, weights, penalty);
    iteration += 1;
    since += 1;
    if (isBetter(fit, best)) {
      best = fit;
      since = 0;
    }
    if (iteration === mostIterations || since === patience) break;
  }
  return best;
}

async function validate(problem: Problem, weights: Float32Array, penalty: number): Promise<Fit> {
  const { classes, validationLabels: labels } = problem;
  const logits = await multiply(problem.validationFeatures, weights, classes);
  return {
    penalty,
    weights,
    accuracy: accuracyOf(logits, labels, classes),
    loss: negativeLogLikelihood(probabilitiesOf(logits, classes, 1), labels, classes),
  };
}

function isBetter(a: Fit, b: Fit): boolean {
  return a.accuracy > b.accuracy || (a.accuracy === b.accuracy && a.loss < b.loss);
}

function accuracyOf(logits: Float32Array, labels: Int32Array, classes: number): number {
  return top1Accuracy(confusionMatrix(logits, labels, classes));
}

function checkSplits(splits: BaselineSplits): void {
  for (const [name, set] of Object.entries({ ...splits })) {
    if (imageCount(set) > 0) continue;
    throw new AppError(
      "invalid_dataset",
      `the ${name} split has no image, a baseline needs some; add images or change the split fractions`,
    );
  }
}
