import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { type ImageSet, imageCount, imagePixels } from "../data/image-set.ts";
import { changeImage } from "./augment.ts";
import type { Batch } from "./batch.ts";
import type { Augmentation } from "./config.ts";
import { mixBatch } from "./mix-batch.ts";
import type { RandomStream } from "./random.ts";

/** What training needs to know of the input: how bytes become the model's numbers. */
export type Normalization = Pick<InputSpec, "mean" | "std">;

/** Makes batches of one image set. */
export interface BatchMaker {
  /** The images as they are. */
  plain(indices: Int32Array): Batch;
  /** The images, each changed at random. */
  augmented(indices: Int32Array, augmentation: Augmentation, random: RandomStream): Batch;
}

/** Where the pixels of an augmented image come from. */
interface Geometry {
  readonly mirrored: boolean;
  /** Pixels. */
  readonly shiftX: number;
  readonly shiftY: number;
}

/** Prepares batches of a set for a model that takes `(x / 255 - mean) / std`, by the numbers of `normalize`. */
export function createBatchMaker(set: ImageSet, normalization: Normalization): BatchMaker {
  const table = normalizedBytes(normalization);
  const size = set.width * set.height * 3;
  const make = (indices: Int32Array, fill: (pixels: Uint8Array, out: Float32Array) => void): Batch => {
    const nhwc = new Float32Array(indices.length * size);
    indices.forEach((index, place) => {
      fill(imagePixels(set, index), nhwc.subarray(place * size, (place + 1) * size));
    });
    return { nhwc, labels: indices.map((index) => set.labels[index] as number) };
  };
  const columns = new Int32Array(set.width);
  const scratch = new Uint8Array(size);
  const still: Geometry = { mirrored: false, shiftX: 0, shiftY: 0 };
  return {
    plain: (indices) => make(indices, (pixels, out) => fillImage(pixels, set, still, table, columns, out)),
    augmented: (indices, augmentation, random) => {
      const batch = make(indices, (pixels, out) => {
        const geometry: Geometry = {
          mirrored: augmentation.flip && random.uniform() < 0.5,
          shiftX: between(random, Math.round(augmentation.shift * set.width)),
          shiftY: between(random, Math.round(augmentation.shift * set.height)),
        };
        const lit = relit(table, augmentation, random);
        const changed = changeImage(pixels, set, augmentation, random, scratch);
        fillImage(changed, set, geometry, lit, columns, out);
      });
      return mixBatch(batch, set, augmentation, random);
    },
  };
}

/**
 * The logits of every image of a set, computed a batch at a time.
 * @param infer from `[batch, height, width, 3]`, normalised, to `[batch, classes]`
 * @returns `[N, classes]`
 */
export function logitsInBatches(
  set: ImageSet,
  normalization: Normalization,
  batchSize: number,
  infer: (nhwc: Float32Array, batch: number) => Float32Array,
): Float32Array {
  const batches = createBatchMaker(set, normalization);
  const count = imageCount(set);
  const logits = new Float32Array(count * set.classes);
  for (let first = 0; first < count; first += batchSize) {
    const indices = Int32Array.from({ length: Math.min(batchSize, count - first) }, (_, i) => first + i);
    logits.set(infer(batches.plain(indices).nhwc, indices.length), first * set.classes);
  }
  return logits;
}

/** `[256, 3]`: what each byte becomes in each channel. */
function normalizedBytes({ mean, std }: Normalization): Float32Array {
  const ramp = Uint8Array.from({ length: 256 * 3 }, (_, index) => Math.floor(index / 3));
  return normalize({ width: 256, height: 1, data: ramp }, { width: 256, height: 1, mean, std });
}

function between(random: RandomStream, most: number): number {
  return most === 0 ? 0 : random.integer(2 * most + 1) - most;
}

/** The table after a random change of contrast and brightness, rounded to bytes as a camera would. */
function relit(
  table: Float32Array,
  { brightness, contrast }: Augmentation,
  random: RandomStream,
): Float32Array {
  if (brightness === 0 && contrast === 0) return table;
  const offset = (2 * random.uniform() - 1) * brightness * 255;
  const factor = 1 + (2 * random.uniform() - 1) * contrast;
  const lit = new Float32Array(table.length);
  for (let byte = 0; byte < 256; byte++) {
    const changed = Math.round((byte - 127.5) * factor + 127.5 + offset);
    const from = Math.min(255, Math.max(0, changed)) * 3;
    for (let channel = 0; channel < 3; channel++) lit[byte * 3 + channel] = table[from + channel] as number;
  }
  return lit;
}

function fillImage(
  pixels: Uint8Array,
  { width, height }: Pick<ImageSet, "width" | "height">,
  { mirrored, shiftX, shiftY }: Geometry,
  table: Float32Array,
  columns: Int32Array,
  out: Float32Array,
): void {
  for (let x = 0; x < width; x++) {
    const shifted = Math.min(width - 1, Math.max(0, x + shiftX));
    columns[x] = 3 * (mirrored ? width - 1 - shifted : shifted);
  }
  let target = 0;
  for (let y = 0; y < height; y++) {
    const row = Math.min(height - 1, Math.max(0, y + shiftY)) * width * 3;
    for (let x = 0; x < width; x++) {
      const source = row + (columns[x] as number);
      out[target] = table[(pixels[source] as number) * 3] as number;
      out[target + 1] = table[(pixels[source + 1] as number) * 3 + 1] as number;
      out[target + 2] = table[(pixels[source + 2] as number) * 3 + 2] as number;
      target += 3;
    }
  }
}
