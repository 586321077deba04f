import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { Engine } from "../engine/engine.ts";
import { createForwardPass } from "./forward-pass.ts";
import type { Batch } from "./batch.ts";
import type { RandomStream } from "./random.ts";
import { floats, type ModelWeight } from "./weights.ts";

/** How the loss weighs labels. */
export interface LossOptions {
  /** Share of each label that is spread over all classes. */
  readonly labelSmoothing: number;
  /** `[classes]`: how much an image of each counts. */
  readonly classWeights: Float64Array;
}

/**
 * What images ask of a model, as one row of floats: the mean loss in nats, the gradient of every trainable weight, mean
 * and variance of every batch normalization; all times the images' share of their batch, so that rows add up to it.
 */
export interface BackwardPass {
  /** Floats of a row. */
  readonly length: number;
  /** Frees every tensor it makes. @param share of the batch, 0-1  @param row written */
  run(batch: Batch, share: number, random: RandomStream, row: Float32Array): void;
}

/** Lays out the way from images to gradients. @throws unsupported_model, see {@link createForwardPass} */
export function createBackwardPass(model: tfl.LayersModel, engine: Engine, loss: LossOptions): BackwardPass {
  const forward = createForwardPass(model, engine);
  const inputShape = model.inputs[0]?.shape.slice(1).map(Number) ?? [];
  const classes = Number(model.outputs[0]?.shape.at(-1));
  const weights = trainableWeights(model);
  return {
    length: 1 + model.weights.reduce((sum, weight) => sum + sizeOf(weight), 0),
    run: (batch, share, random, row) => {
      tf.tidy(() => {
        const x = tf.tensor(batch.nhwc, [batch.labels.length, ...inputShape]);
        const targets = weightedTargets(batch, classes, loss);
        let observed: readonly tf.Tensor[] = [];
        const { value, grads } = tf.variableGrads(() => {
          const result = forward(x, random);
          observed = result.statistics.map((entry) => entry.observed);
          return crossEntropy(result.logits, targets);
        }, weights.map(variableOf));
        let offset = 0;
        for (const part of [value, ...weights.map((weight) => gradientOf(grads, weight)), ...observed]) {
          offset = writeScaled(floats(part), share, row, offset);
        }
        tf.dispose([...observed]);
      });
    },
  };
}

/** The trainable weights of a model in the order that rows and the optimiser keep. */
export function trainableWeights(model: tfl.LayersModel): readonly ModelWeight[] {
  return model.trainableWeights;
}

/** Number of values of a weight. */
export function sizeOf(weight: ModelWeight): number {
  return weight.read().size;
}

function writeScaled(values: Float32Array, factor: number, out: Float32Array, offset: number): number {
  for (let i = 0; i < values.length; i++) out[offset + i] = (values[i] as number) * factor;
  return offset + values.length;
}

/** `[batch, classes]`: smoothed, mixed, and times the weight of each class, which cross-entropy is linear in. */
function weightedTargets({ labels, mixed }: Batch, classes: number, loss: LossOptions): tf.Tensor2D {
  const targets = new Float32Array(labels.length * classes);
  addTargets(targets, labels, 1 - (mixed?.share ?? 0), classes, loss);
  if (mixed !== undefined) addTargets(targets, mixed.labels, mixed.share, classes, loss);
  return tf.tensor2d(targets, [labels.length, classes]);
}

function addTargets(
  targets: Float32Array,
  labels: Int32Array,
  share: number,
  classes: number,
  { labelSmoothing, classWeights }: LossOptions,
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
