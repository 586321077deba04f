import type { ImageCodec } from "../../shared/image/codec.ts";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import type { ImageSet } from "../data/image-set.ts";

/** An encoded image whose class is known. */
export interface LabelledFile {
  /** Relative to the dataset's root. */
  readonly path: string;
  /** 0..C-1 */
  readonly classIndex: number;
  /** The bytes as a client would send them. */
  read(): Promise<Uint8Array>;
}

/** Called after each image with the number done and of all. */
export type OnImage = (done: number, total: number) => void;

/**
 * Decodes files as the Worker does.
 * @param classes number of classes of the dataset
 * @throws unsupported_media_type, invalid_image, image_too_large for a file that does not decode
 */
export async function decodeFiles(
  files: readonly LabelledFile[],
  codec: ImageCodec,
  spec: InputSpec,
  classes: number,
): Promise<ImageSet> {
  const size = spec.width * spec.height * 3;
  const images = new Uint8Array(files.length * size);
  for (const [index, file] of files.entries()) {
    images.set(codec.decode(await file.read(), spec).image.data, index * size);
  }
  return {
    width: spec.width,
    height: spec.height,
    images,
    labels: Int32Array.from(files, (file) => file.classIndex),
    classes,
    paths: files.map((file) => file.path),
  };
}
