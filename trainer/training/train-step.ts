import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { Adam } from "./adam.ts";
import type { ForwardPass, RunningStatistics } from "./forward-pass.ts";
import type { Batch } from "./image-batches.ts";
import type { RandomStream } from "./random.ts";
import { assign, type ModelWeight } from "./weights.ts";

/** What one step needs besides its batch. */
export interface StepContext {
  readonly model: tfl.LayersModel;
  readonly forward: ForwardPass;
  readonly optimizer: Adam;
  /** Share of each label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** `[classes]`: how much an image of each counts. */
  readonly classWeights: Float64Array;
  /** Longest that the gradient of all weights together may be. */
  readonly gradientClip?: number | undefined;
}

/** The trainable weights of a model in the order that the optimiser keeps. */
export function trainableWeights(model: tfl.LayersModel): readonly ModelWeight[] {
  return model.trainableWeights;
}

/**
 * One optimiser update on one batch: softmax cross-entropy, its gradients, Adam, running statistics.
 * Frees every tensor it makes.
 * @returns the mean loss of the batch before the update, in nats
 */
export function trainStep(
  { model, forward, optimizer, ...context }: StepContext,
  batch: Batch,
  learningRate: number,
  random: RandomStream,
): number {
  return tf.tidy(() => {
    const inputShape = model.inputs[0]?.shape.slice(1).map(Number) ?? [];
    const x = tf.tensor(batch.nhwc, [batch.labels.length, ...inputShape]);
    const classes = Number(model.outputs[0]?.shape.at(-1));
    const targets = weightedTargets(batch, classes, context);
    const weights = trainableWeights(model);
    let statistics: readonly RunningStatistics[] = [];
    const { value, grads } = tf.variableGrads(() => {
      const result = forward(x, random);
      statistics = result.statistics;
      return crossEntropy(result.logits, targets);
    }, weights.map(variableOf));
    const gradients = weights.map((weight) => gradientOf(grads, weight));
    optimizer.step(clipped(gradients, context.gradientClip), learningRate);
    for (const entry of statistics) follow(entry);
    return value.dataSync()[0] as number;
  });
}

/** `[batch, classes]`: smoothed, mixed, and times the weight of each class, which cross-entropy is linear in. */
function weightedTargets(
  { labels, mixed }: Batch,
  classes: number,
  context: Pick<StepContext, "labelSmoothing" | "classWeights">,
): tf.Tensor2D {
  const targets = new Float32Array(labels.length * classes);
  addTargets(targets, labels, 1 - (mixed?.share ?? 0), classes, context);
  if (mixed !== undefined) addTargets(targets, mixed.labels, mixed.share, classes, context);
  return tf.tensor2d(targets, [labels.length, classes]);
}

function addTargets(
  targets: Float32Array,
  labels: Int32Array,
  share: number,
  classes: number,
  { labelSmoothing, classWeights }: Pick<StepContext, "labelSmoothing" | "classWeights">,
): void {
  labels.forEach((label, image) => {
    const weight = share * (classWeights[label] ?? 1);
    for (let c = 0; c < classes; c++) {
      const truth = c === label ? 1 - labelSmoothing : 0;
      const at = image * classes + c;
      targets[at] = (targets[at] as number) + weight * (truth + labelSmoothing / classes);
    }
  });
}

/** @param targets `[batch, classes]`, each row a share of every class */
export function crossEntropy(logits: tf.Tensor, targets: tf.Tensor2D): tf.Scalar {
  const likelihoods = tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1);
  return tf.neg(tf.mean(likelihoods));
}

/** The gradients, all shortened alike when together they are longer than `most` (Pascanu et al. 2013). */
function clipped(gradients: readonly tf.Tensor[], most: number | undefined): readonly tf.Tensor[] {
  if (most === undefined) return gradients;
  const length = Math.sqrt(gradients.reduce((sum, gradient) => sum + squaresOf(gradient), 0));
  return length <= most ? gradients : gradients.map((gradient) => tf.mul(gradient, most / length));
}

function squaresOf(gradient: tf.Tensor): number {
  return tf.sum(tf.square(gradient)).dataSync()[0] as number;
}

/** The variable behind a weight. @throws internal when it is none of this tfjs */
export function variableOf(weight: ModelWeight): tf.Variable {
  const value = weight.read();
  if (value instanceof tf.Variable) return value;
  throw new AppError(
    "internal",
    `weight ${weight.name} is not a tfjs variable; are there two copies of tfjs-core?`,
  );
}

/** The gradient of a weight. @throws unsupported_model when the loss does not depend on it */
export function gradientOf(gradients: tf.NamedTensorMap, weight: ModelWeight): tf.Tensor {
  const gradient = gradients[variableOf(weight).name];
  if (gradient !== undefined) return gradient;
  throw new AppError("unsupported_model", `the loss does not depend on weight ${weight.originalName}`);
}

/** Moves a running statistic towards what the batch showed. */
function follow({ weight, observed, momentum }: RunningStatistics): void {
  const next = tf.add(tf.mul(weight.read(), momentum), tf.mul(observed, 1 - momentum));
  assign(weight, next);
  observed.dispose();
}
