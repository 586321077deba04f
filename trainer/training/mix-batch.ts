import type { ImageSet } from "../data/image-set.ts";
import type { Augmentation } from "./config.ts";
import type { Batch } from "./batch.ts";
import type { RandomStream } from "./random.ts";

/** The batch after mixup or CutMix, where one is on; by turns of a coin where both are. */
export function mixBatch(
  batch: Batch,
  size: Pick<ImageSet, "width" | "height">,
  { mixup = 0, cutmix = 0 }: Augmentation,
  random: RandomStream,
): Batch {
  if (cutmix > 0 && (mixup === 0 || random.uniform() < 0.5)) {
    return coverByNeighbours(batch, size, cutmix * random.uniform(), random);
  }
  const share = mixup === 0 ? 0 : mixup * random.uniform();
  return share === 0 ? batch : mixNeighbours(batch, share);
}

/** Covers one rectangle of each image, of its proportions, by that of the image that follows it in the batch. */
function coverByNeighbours(
  { nhwc, labels }: Batch,
  { width, height }: Pick<ImageSet, "width" | "height">,
  area: number,
  random: RandomStream,
): Batch {
  const columns = Math.round(Math.sqrt(area) * width);
  const rows = Math.round(Math.sqrt(area) * height);
  const left = random.integer(width - columns + 1);
  const top = random.integer(height - rows + 1);
  const size = 3 * width * height;
  const covered = nhwc.slice();
  for (let image = 0; image < labels.length; image++) {
    const other = (image + 1) % labels.length;
    for (let y = top; y < top + rows; y++) {
      const row = 3 * (y * width + left);
      const from = nhwc.subarray(other * size + row, other * size + row + 3 * columns);
      covered.set(from, image * size + row);
    }
  }
  const share = (columns * rows) / (width * height);
  return { nhwc: covered, labels, mixed: { labels: nextLabels(labels), share } };
}

/** The labels of the images that follow in the batch. */
function nextLabels(labels: Int32Array): Int32Array {
  return labels.map((_, image) => labels[(image + 1) % labels.length] as number);
}

/** Mixes into each image the one that follows it in the batch, which the shuffled order makes a random one. */
function mixNeighbours({ nhwc, labels }: Batch, share: number): Batch {
  const size = nhwc.length / labels.length;
  const next = (image: number): number => (image + 1) % labels.length;
  const values = nhwc.map((value, at) => {
    const other = nhwc[next(Math.floor(at / size)) * size + (at % size)] as number;
    return value * (1 - share) + other * share;
  });
  return {
    nhwc: values,
    labels,
    mixed: { labels: nextLabels(labels), share },
  };
}
