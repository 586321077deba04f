import type { InputSpec } from "../../shared/contract/input-spec.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import { softmax } from "../../shared/inference/softmax.ts";
import type { ImageSet } from "../data/image-set.ts";
import { createBatchMaker, logitsInBatches } from "../training/image-batches.ts";

/** Images a call of the classifier; larger batches gain little and cost memory. */
const batchSize = 32;

/**
 * The logits of a loaded bundle for decoded images.
 * @param set at the size of the bundle's input
 * @returns [N, C] row-major
 */
export function inferLogits(classifier: Classifier, set: ImageSet): Float32Array {
  const { input } = classifier.manifest;
  return logitsInBatches(set, input, batchSize, (nhwc, batch) => classifier.infer(nhwc, batch).logits);
}

/** What a loaded bundle gives for decoded images. */
export interface BundleOutputs {
  /** [N, C] row-major. */
  readonly logits: Float32Array;
  /** [N, size] row-major; absent when the model gives none. */
  readonly embeddings?: Float32Array;
}

/**
 * The logits of a loaded bundle for decoded images, and the embeddings where it gives them.
 * @param set at the size of the bundle's input
 * @param indices of the images wanted; all unless told
 */
export function inferOutputs(
  classifier: Classifier,
  set: ImageSet,
  indices: readonly number[] = [...set.labels.keys()],
): BundleOutputs {
  const { input, labels, outputs } = classifier.manifest;
  const size = outputs.embedding?.size ?? 0;
  const maker = createBatchMaker(set, input);
  const logits = new Float32Array(indices.length * labels.length);
  const embeddings = new Float32Array(indices.length * size);
  for (let first = 0; first < indices.length; first += batchSize) {
    const batch = Int32Array.from(indices.slice(first, first + batchSize));
    const result = classifier.infer(maker.plain(batch).nhwc, batch.length, { embedding: size > 0 });
    logits.set(result.logits, first * labels.length);
    if (result.embedding !== undefined) embeddings.set(result.embedding, first * size);
  }
  return size === 0 ? { logits } : { logits, embeddings };
}

/**
 * The model's input for some images of a set.
 * @returns `[indices.length, height, width, 3]`
 */
export function normalizeImages(
  set: ImageSet,
  spec: Pick<InputSpec, "mean" | "std">,
  indices: readonly number[],
): Float32Array {
  return createBatchMaker(set, spec).plain(Int32Array.from(indices)).nhwc;
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
