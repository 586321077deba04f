import { createHash } from "node:crypto";
import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import { differenceHash } from "../../shared/image/perceptual-hash.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";
import { readImageMetadata } from "../data/image-metadata.ts";
import { lumaContrast, meanLuma, sharpness } from "../data/image-quality.ts";
import { cheapFeatures, cheapFeatureSide } from "./cheap-features.ts";
import type { ImageExamination } from "./examination.ts";

/** A side at which sharpness of photos of any size is compared. */
const sharpnessSide = 128;
/** Channels that differ by less are grey to the eye, and to JPEG. */
const greyTolerance = 8;

/**
 * Decodes a file and reads its metadata.
 * @param hashSpec the grid of the difference hash
 * @throws what the codec throws for a file that does not decode
 */
export function examineFile(bytes: Uint8Array, codec: ImageCodec, hashSpec: PixelSpec): ImageExamination {
  const { image, format, width, height, orientation, warnings } = codec.decode(
    bytes,
    squareSpec(cheapFeatureSide),
  );
  const isLarge = Math.min(width, height) >= sharpnessSide;
  return {
    kind: "image",
    sha256: createHash("sha256").update(bytes).digest("hex"),
    perceptualHash: differenceHash(codec.decode(bytes, hashSpec).image),
    format,
    width,
    height,
    orientation,
    damages: warnings,
    brightness: meanLuma(image),
    contrast: lumaContrast(image),
    sharpness: isLarge ? sharpness(codec.decode(bytes, squareSpec(sharpnessSide)).image) : null,
    isGrey: isGrey(image),
    ...readImageMetadata(bytes),
    features: Float32Array.from(cheapFeatures(image)),
  };
}

function squareSpec(side: number): PixelSpec {
  return {
    width: side,
    height: side,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [128, 128, 128],
    denoise: "none",
  };
}

function isGrey({ data }: RgbImage): boolean {
  for (let at = 0; at < data.length; at += 3) {
    const [red = 0, green = 0, blue = 0] = data.subarray(at, at + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > greyTolerance) return false;
  }
  return true;
}
