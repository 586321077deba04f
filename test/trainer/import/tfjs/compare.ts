import * as tf from "@tensorflow/tfjs-core";
import { expect } from "vitest";
import { isAppError } from "../../../../shared/contract/errors.ts";
import { softmax } from "../../../../shared/inference/softmax.ts";
import { loadCodec } from "../../../../trainer/assets.ts";
import type { ImportedBundle } from "../../../../trainer/import/import-model.ts";
import { withBundle } from "../../../../trainer/release/verify.ts";
import { useCpu, useWasm } from "../../release/backends.ts";
import { createRandom } from "../../release/random.ts";
import type { SavedModel } from "./tfjs-models.ts";

/** Numbers of a seed from -1 to 1, `[side, side, 3]`. */
export function drawInput(seed: number, side: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: side * side * 3 }, () => random.uniform() * 2 - 1);
}

/** Pixels of a seed, 0 to 255, `[side, side, 3]`; red is brighter than blue. */
export function drawPixels(seed: number, side: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: side * side * 3 }, (_, i) => random.integer(120) + 60 * (2 - (i % 3)));
}

/** Probabilities of the imported bundle on normalised images. */
export function probabilitiesOf(
  bundle: ImportedBundle,
  images: readonly Float32Array[],
): Promise<number[][]> {
  return withBundle(bundle, loadCodec(), (classifier) =>
    images.map((image) => [...softmax(classifier.infer(image).logits, 1)]),
  );
}

/** Probabilities that stock tfjs gives on its reference backend. */
export async function probabilitiesByTfjs(
  model: { predict(x: tf.Tensor): unknown },
  side: number,
  images: readonly Float32Array[],
): Promise<number[][]> {
  await useCpu();
  // Its check for leaks counts what a fused product of layers keeps for a moment.
  tf.env().set("IS_TEST", false);
  const rows = images.map((image) =>
    tf.tidy(() => {
      // A model with one output predicts one tensor.
      const output = model.predict(tf.tensor4d(image, [1, side, side, 3])) as tf.Tensor;
      return [...output.dataSync()];
    }),
  );
  await useWasm();
  return rows;
}

/** The largest difference of two numbers at one place. */
export function largestDifference(a: readonly number[][], b: readonly number[][]): number {
  expect(a.map((row) => row.length)).toEqual(b.map((row) => row.length));
  return Math.max(...a.flatMap((row, i) => row.map((value, j) => Math.abs(value - (b[i]?.[j] ?? NaN)))));
}

/** The error that a promise ends with. */
export async function refusal(trying: Promise<unknown>): Promise<string> {
  try {
    await trying;
  } catch (error) {
    if (isAppError(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  throw new Error("it was not refused");
}

/** A saved model as tfjs loads it. */
export function asFromMemory({ json, weights }: SavedModel): ReturnType<typeof tf.io.fromMemory> {
  // The parts of a model.json that tfjs saves, as tests wrote or read them.
  const { modelTopology, weightsManifest } = json as {
    modelTopology: object;
    weightsManifest: tf.io.WeightsManifestConfig;
  };
  return tf.io.fromMemory({
    modelTopology,
    weightSpecs: weightsManifest.flatMap((group) => group.weights),
    weightData: weights.slice().buffer,
  });
}
