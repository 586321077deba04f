import type { Split } from "../../shared/contract/dataset.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { type IndexedDataset, readImage } from "../data/dataset-index.ts";
import type { ImageSet } from "../data/image-set.ts";

/** An encoded image whose class is known. */
export interface LabelledImage {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** 0..C-1 */
  readonly classIndex: number;
  /** The bytes as a client would send them. */
  read(): Promise<Uint8Array>;
}

/** The encoded images of one split of a dataset, in the order of its manifest. */
export function splitImages(dataset: IndexedDataset, split: Split): LabelledImage[] {
  const { manifest } = dataset;
  const images = manifest.images.filter((image) => image.split === split);
  return images.map(({ path, label }) => ({
    path,
    classIndex: manifest.labels.indexOf(label),
    read: () => readImage(dataset, path),
  }));
}

/** Called after each image with the number done and of all. */
export type OnImage = (done: number, total: number) => void;

/**
 * Decodes images as the Worker does.
 * @param classes number of classes of the dataset
 * @throws unsupported_media_type, invalid_image, image_too_large for a file that does not decode
 */
export async function decodeImages(
  images: readonly LabelledImage[],
  codec: ImageCodec,
  spec: InputSpec,
  classes: number,
): Promise<ImageSet> {
  const size = spec.width * spec.height * 3;
  const pixels = new Uint8Array(images.length * size);
  for (const [index, labelled] of images.entries()) {
    codec.decode(await labelled.read(), spec, pixels.subarray(index * size, (index + 1) * size));
  }
  return {
    width: spec.width,
    height: spec.height,
    images: pixels,
    labels: Int32Array.from(images, (image) => image.classIndex),
    classes,
    paths: images.map((image) => image.path),
  };
}
