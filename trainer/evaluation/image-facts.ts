import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import type { ImageFormat } from "../../shared/image/sniff-format.ts";
import { type ImageMetadata, readImageMetadata } from "../data/image-metadata.ts";
import { meanLuma } from "../data/image-quality.ts";
import { sourceInClass } from "../data/image-source.ts";
import type { LabelledImage, OnImage } from "./labelled-image.ts";

/** What is known of an image beside its class. */
export interface ImageFacts extends Pick<ImageMetadata, "camera" | "takenAt"> {
  readonly path: string;
  /** Where it comes from, as far as its path tells; `""` where it does not. */
  readonly source: string;
  readonly format: ImageFormat;
  /** Pixels of the file. */
  readonly width: number;
  /** Pixels of the file. */
  readonly height: number;
  /** Mean luma, 0-255. */
  readonly brightness: number;
}

/** Small enough for the codec's cheapest decoding; a mean needs no more. */
const glance: PixelSpec = {
  width: 32,
  height: 32,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [128, 128, 128],
  denoise: "none",
};

/**
 * Looks at each file for what images can be parted by.
 * @throws what the codec throws for a file that does not decode
 */
export async function readImageFacts(
  images: readonly LabelledImage[],
  codec: ImageCodec,
  labels: readonly string[],
  onImage: OnImage = () => undefined,
): Promise<ImageFacts[]> {
  const facts: ImageFacts[] = [];
  for (const labelled of images) {
    const { path, classIndex } = labelled;
    const bytes = await labelled.read();
    const { image, format, width, height } = codec.decode(bytes, glance);
    const { camera, takenAt } = readImageMetadata(bytes);
    const source = sourceInClass(path, labels[classIndex] ?? "");
    facts.push({ path, source, format, width, height, brightness: meanLuma(image), camera, takenAt });
    onImage(facts.length, images.length);
  }
  return facts;
}
