import * as tf from "@tensorflow/tfjs-core";
import { imageCount, imagePixels, type ImageSet } from "../data/image-set.ts";

/** Mean and standard deviation of every byte of the image over the training images. */
export interface PixelScaling {
  /** [height * width * 3] */
  readonly mean: Float64Array;
  /** [height * width * 3], 1 where all images agree. */
  readonly deviation: Float64Array;
}

/** Measures the scaling on some images of a set. @param rows indices of the images, at least one */
export function measureScaling(set: ImageSet, rows: readonly number[]): PixelScaling {
  const size = set.width * set.height * 3;
  const mean = new Float64Array(size);
  const squares = new Float64Array(size);
  for (const row of rows) {
    const pixels = imagePixels(set, row);
    for (let i = 0; i < size; i++) {
      const value = pixels[i] as number;
      mean[i] = (mean[i] as number) + value / rows.length;
      squares[i] = (squares[i] as number) + (value * value) / rows.length;
    }
  }
  const deviation = squares.map((square, i) => {
    const variance = square - (mean[i] as number) ** 2;
    return variance > 1e-6 ? Math.sqrt(variance) : 1;
  });
  return { mean, deviation };
}

/**
 * Standardised pixels, one image a row, and a last column of ones for the intercept.
 * @returns [rows, height * width * 3 + 1]; the caller disposes of it
 */
export function pixelFeatures(set: ImageSet, rows: readonly number[], scaling: PixelScaling): tf.Tensor2D {
  const size = set.width * set.height * 3;
  const width = size + 1;
  const values = new Float32Array(rows.length * width);
  for (const [at, row] of rows.entries()) {
    const pixels = imagePixels(set, row);
    const offset = at * width;
    for (let i = 0; i < size; i++) {
      values[offset + i] =
        ((pixels[i] as number) - (scaling.mean[i] as number)) / (scaling.deviation[i] as number);
    }
    values[offset + size] = 1;
  }
  return tf.tensor2d(values, [rows.length, width]);
}

/** `wanted` indices of a set's images, evenly spread; all when it has no more. */
export function spreadRows(set: ImageSet, wanted: number): number[] {
  const count = imageCount(set);
  const taken = Math.min(count, wanted);
  return Array.from({ length: taken }, (_, i) => Math.floor((i * count) / taken));
}
