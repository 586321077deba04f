import * as tf from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { softmax } from "../../shared/inference/softmax.ts";
import { imageCount, imagePixels, type ImageSet } from "../data/image-set.ts";

/** Images a step; larger batches gain little and cost memory. */
const batchSize = 32;

/**
 * The logits of a LayersModel on the current backend, in inference mode.
 * @returns [N, C] row-major
 */
export async function predictLogits(
  model: LayersModel,
  set: ImageSet,
  spec: InputSpec,
): Promise<Float32Array<ArrayBuffer>> {
  const output = await runBatches(set, spec, async (nhwc, batch) => {
    const logits = tf.tidy(() => {
      const result = model.predict(tf.tensor4d(nhwc, [batch, spec.height, spec.width, 3]));
      if (Array.isArray(result))
        throw new AppError("unsupported_model", "the model has more than one output");
      return result;
    });
    const values = await logits.data<"float32">();
    logits.dispose();
    return values;
  });
  return output;
}

/**
 * Runs something that gives C numbers an image over a whole set, batch after batch.
 * @param run takes `[batch, height, width, 3]` normalised, gives `[batch, C]`
 * @returns [N, C] row-major
 */
export async function runBatches(
  set: ImageSet,
  spec: InputSpec,
  run: (nhwc: Float32Array, batch: number) => Promise<Float32Array> | Float32Array,
): Promise<Float32Array<ArrayBuffer>> {
  const count = imageCount(set);
  const output = new Float32Array(count * set.classes);
  for (let start = 0; start < count; start += batchSize) {
    const indices = Array.from({ length: Math.min(batchSize, count - start) }, (_, i) => start + i);
    const values = await run(normalizeImages(set, spec, indices), indices.length);
    if (values.length !== indices.length * set.classes) {
      throw new AppError(
        "unsupported_model",
        `the model gives ${values.length / indices.length} logits an image, ` +
          `the dataset has ${set.classes} classes; train it on this dataset`,
      );
    }
    output.set(values, start * set.classes);
  }
  return output;
}

/**
 * The model's input for some images of a set.
 * @returns `[indices.length, height, width, 3]`
 */
export function normalizeImages(
  set: ImageSet,
  spec: InputSpec,
  indices: readonly number[],
): Float32Array<ArrayBuffer> {
  const size = set.width * set.height * 3;
  const nhwc = new Float32Array(indices.length * size);
  for (const [at, index] of indices.entries()) {
    const image = { width: set.width, height: set.height, data: imagePixels(set, index) };
    normalize(image, spec, nhwc.subarray(at * size, (at + 1) * size));
  }
  return nhwc;
}

/** Softmax of every row. @param logits [N, C] row-major  @returns [N, C], rows sum to 1 */
export function probabilitiesOf(
  logits: Float32Array,
  classes: number,
  temperature: number,
): Float32Array<ArrayBuffer> {
  const probabilities = new Float32Array(logits.length);
  for (let offset = 0; offset < logits.length; offset += classes) {
    probabilities.set(softmax(logits.subarray(offset, offset + classes), temperature), offset);
  }
  return probabilities;
}
