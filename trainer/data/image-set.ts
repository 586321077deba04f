/** The decoded images of one split, all of one size, in memory. */
export interface ImageSet {
  /** Pixels of every image. */
  readonly width: number;
  /** Pixels of every image. */
  readonly height: number;
  /** `[N, height, width, 3]`, sRGB, 0-255, image after image. */
  readonly images: Uint8Array;
  /** `[N]`, class indices 0..classes-1. */
  readonly labels: Int32Array;
  /** Number of classes of the dataset, also of those this set has no image of. */
  readonly classes: number;
  /** `[N]`, where each image was read, relative to the dataset's root. */
  readonly paths: readonly string[];
}

/** Number of images in the set. */
export function imageCount(set: ImageSet): number {
  return set.labels.length;
}

/**
 * The pixels of image `index` as a view, not a copy.
 * @param index 0..N-1
 * @returns `[height, width, 3]`
 * @throws {RangeError} when there is no such image
 */
export function imagePixels(set: ImageSet, index: number): Uint8Array {
  const size = set.width * set.height * 3;
  if (!Number.isInteger(index) || index < 0 || index >= set.labels.length) {
    throw new RangeError(`image index is ${index}, allowed are 0 to ${set.labels.length - 1}`);
  }
  return set.images.subarray(index * size, (index + 1) * size);
}
