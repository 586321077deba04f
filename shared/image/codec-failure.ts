import { AppError } from "../contract/errors.ts";
import type { ImageFormat } from "./sniff-format.ts";

/** Limits of an image; the module's own are in codec/codec.h. */
export const imageLimits = {
  /** Bytes of the file. */
  maxBytes: 15_000_000,
  /** Pixels of a side. */
  maxSide: 16_384,
  maxPixels: { jpeg: 50_000_000, png: 16_000_000, webp: 16_000_000 },
  /** Scans of a progressive JPEG. */
  maxScans: 32,
} as const;

/** What is known of the image when decoding it failed. */
export interface FailedImage {
  readonly format: ImageFormat;
  /** Pixels as stored; 0 when it failed before they were read. */
  readonly width: number;
  /** Pixels as stored; 0 when it failed before they were read. */
  readonly height: number;
  readonly scans: number;
  /** The library's own number of the error. */
  readonly libraryCode: number;
}

const names = { jpeg: "JPEG", png: "PNG", webp: "WebP" } as const;

/** The error for a failure number of the module (enum failure in codec/codec.h). */
export function failureToError(failure: number, image: FailedImage): AppError {
  const name = names[image.format];
  const size = `${image.width}x${image.height} px`;
  const details = { failure, ...image };
  const error = (code: ConstructorParameters<typeof AppError>[0], message: string): AppError =>
    new AppError(code, message, { details });
  switch (failure) {
    case 1:
      return error(
        "image_too_large",
        `the ${name} of ${size} takes more than 40 MB to decode; send it smaller or not ${image.format === "png" ? "interlaced" : "progressive"}`,
      );
    case 2:
      return error(
        "unsupported_media_type",
        `a kind of ${name} that is not read (${image.format === "webp" ? "animated" : "lossless, 12-bit or of unusual colours"}); send a baseline JPEG, a PNG or a still WebP`,
      );
    case 3:
      return error(
        "image_too_large",
        `the ${name} is ${size}, the limit is ${imageLimits.maxPixels[image.format] / 1e6} megapixels; resize it before sending`,
      );
    case 4:
      return error(
        "image_too_large",
        `the ${name} is ${image.width === 0 ? "too wide or high" : size}, the limit is ${imageLimits.maxSide} px per side; resize it before sending`,
      );
    case 5:
      return error(
        "image_too_large",
        `the progressive JPEG of ${size} has too many scans, the limit is ${imageLimits.maxScans}, fewer for large images; send a baseline JPEG`,
      );
    case 6:
      return error(
        "image_too_large",
        `the progressive JPEG of ${size} takes more than 40 MB to hold; send it baseline or smaller`,
      );
    case 7:
      return error("invalid_image", `the ${name} is damaged; send a file that a viewer opens`);
    case 8:
      return error("invalid_image", `the ${name} is cut short; send the whole file`);
    default:
      return error("internal", `the image codec failed with number ${failure}`);
  }
}
