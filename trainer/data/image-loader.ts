import type { DatasetImage, Split } from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import type { IndexedDataset } from "./dataset-index.ts";
import { openDecodePool } from "./decode-pool.ts";
import type { ImageSet } from "./image-set.ts";

/** Options of {@link loadImages}. */
export interface LoadOptions {
  /** Decoding threads. @default one a core, at most 4 */
  readonly threads?: number | undefined;
  /** Called as images are decoded. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** Pixels that are held in memory at once, at most. */
const maxSetBytes = 6 * 1024 ** 3;

/**
 * Decodes the images of one split at the size of `spec`, with the codec that serves.
 * @returns in the order of the manifest
 * @throws {AppError} invalid_argument when they do not fit into memory
 */
export function loadSplit(
  dataset: IndexedDataset,
  split: Split,
  spec: PixelSpec,
  options: LoadOptions = {},
): Promise<ImageSet> {
  const images = dataset.manifest.images.filter((image) => image.split === split);
  return loadImages(dataset, images, spec, options);
}

/**
 * Decodes images of a dataset at the size of `spec`, with the codec that serves.
 * @param images of the dataset's manifest
 * @returns in the order of `images`
 * @throws {AppError} invalid_argument when they do not fit into memory, not_found when one is not of the dataset
 */
export async function loadImages(
  dataset: IndexedDataset,
  images: readonly DatasetImage[],
  spec: PixelSpec,
  options: LoadOptions = {},
): Promise<ImageSet> {
  checkMemory(images.length, spec);
  const { labels } = dataset.manifest;
  const classIndices = new Map(labels.map((label, classIndex) => [label, classIndex]));
  const ranges = images.map((image) => {
    const range = dataset.ranges.get(image.path);
    if (range !== undefined && classIndices.has(image.label)) return range;
    throw new AppError("not_found", `the dataset has no image ${image.path}; index it again`);
  });
  const pool = openDecodePool(options.threads);
  try {
    const pixels = await pool.decode(ranges, spec, (done) => options.onProgress?.(done, ranges.length));
    return {
      width: spec.width,
      height: spec.height,
      images: pixels,
      labels: Int32Array.from(images, (image) => classIndices.get(image.label) ?? 0),
      classes: labels.length,
      paths: images.map((image) => image.path),
    };
  } finally {
    await pool.close();
  }
}

function checkMemory(images: number, { width, height }: PixelSpec): void {
  const bytes = images * width * height * 3;
  if (bytes <= maxSetBytes) return;
  const gigabytes = (bytes / 1024 ** 3).toFixed(1);
  throw new AppError(
    "invalid_argument",
    `${images} images of ${width}x${height} px take ${gigabytes} GB, allowed are ${maxSetBytes / 1024 ** 3}; use fewer (--limit) or smaller ones`,
  );
}
