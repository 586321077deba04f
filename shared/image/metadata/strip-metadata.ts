import { AppError } from "../../contract/errors.ts";
import { joinBytes } from "../join-bytes.ts";
import { type ImageFormat, sniffFormat } from "../sniff-format.ts";
import { stripJpeg } from "./strip-jpeg.ts";
import { stripPng } from "./strip-png.ts";
import { stripWebp } from "./strip-webp.ts";

/** An image file without what it says of place, time, device and person. */
export interface StrippedImage {
  readonly format: ImageFormat;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const strippers = { jpeg: stripJpeg, png: stripPng, webp: stripWebp } as const;

/**
 * Takes everything out of an image file that its pixels do not need: EXIF, XMP, IPTC, comments, thumbnails, what lies
 * behind its end. It is not encoded again, so the pixels stay what they were to the bit.
 * @param orientation as the codec reports it, 1-8; kept as the only EXIF where it is not 1
 * @throws {AppError} unsupported_media_type, invalid_image
 */
export function stripMetadata(bytes: Uint8Array, orientation: number): StrippedImage {
  const sniffed = sniffFormat(bytes);
  if (sniffed.kind !== "readable") {
    throw new AppError("unsupported_media_type", "only JPEG, PNG and WebP can be kept; send one of these");
  }
  const { format } = sniffed;
  return { format, bytes: joinBytes(strippers[format](bytes, orientation)) };
}
