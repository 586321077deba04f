import type { FeedbackRecord } from "../../shared/contract/feedback.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import { stripMetadata } from "../../shared/image/metadata/strip-metadata.ts";
import { differenceHash } from "../../shared/image/perceptual-hash.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";

/** An image as it may be kept. */
export interface KeptImage {
  readonly bytes: Uint8Array;
  readonly facts: NonNullable<FeedbackRecord["image"]>;
}

/** What a difference hash is taken of: several pixels a cell, whatever the model's input is. */
const thumbnail = {
  width: 72,
  height: 64,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [0, 0, 0] as [number, number, number],
  denoise: "none",
} as const;

/**
 * Takes the metadata out of an image and says what it is; decodes it, so that only images are kept.
 * @throws {AppError} unsupported_media_type, invalid_image, image_too_large
 */
export function examineImage(
  codec: ImageCodec,
  bytes: Uint8Array,
): {
  readonly bytes: Uint8Array;
  readonly perceptualHash: string;
  readonly format: KeptImage["facts"]["format"];
} {
  const { image, orientation } = codec.decode(bytes, thumbnail);
  return { ...stripMetadata(bytes, orientation), perceptualHash: differenceHash(image) };
}

/** Adds what takes a wait: the digest. */
export async function keepable(examined: ReturnType<typeof examineImage>): Promise<KeptImage> {
  const { bytes, format, perceptualHash } = examined;
  return { bytes, facts: { format, bytes: bytes.length, sha256: await sha256Hex(bytes), perceptualHash } };
}
