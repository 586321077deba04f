import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { ImageSet } from "../data/image-set.ts";
import { logitsInBatches, type Normalization } from "./image-batches.ts";
import { floats } from "./weights.ts";

/** How a model does on images it does not train on. */
export interface Validation {
  /** Fraction, 0-1. */
  readonly top1Accuracy: number;
  /** Mean negative log-likelihood, in nats. */
  readonly loss: number;
}

const batchSize = 64;

/**
 * The logits of every image, computed by the LayersModel in inference mode on the current backend.
 * @returns `[N, classes]`
 */
export function predictLogits(
  model: tfl.LayersModel,
  set: ImageSet,
  normalization: Normalization,
): Float32Array {
  const { width, height } = set;
  return logitsInBatches(set, normalization, batchSize, (nhwc, batch) =>
    tf.tidy(() => floats(model.apply(tf.tensor4d(nhwc, [batch, height, width, 3])) as tf.Tensor)),
  );
}

/** Accuracy and loss of logits. @param logits `[N, classes]`  @param labels `[N]`; N = 0 gives zeros */
export function scoreLogits(logits: Float32Array, labels: Int32Array, classes: number): Validation {
  let right = 0;
  let loss = 0;
  labels.forEach((label, image) => {
    const row = logits.subarray(image * classes, (image + 1) * classes);
    let best = 0;
    for (let c = 1; c < classes; c++) if ((row[c] as number) > (row[best] as number)) best = c;
    if (best === label) right++;
    const top = row[best] as number;
    let sum = 0;
    for (const value of row) sum += Math.exp(value - top);
    loss += top + Math.log(sum) - (row[label] as number);
  });
  const count = Math.max(1, labels.length);
  return { top1Accuracy: right / count, loss: loss / count };
}
