import { createHash } from "node:crypto";
import ExifReader from "exifreader";
import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import { differenceHash } from "../../shared/image/perceptual-hash.ts";
import type { RgbImage } from "../../shared/image/rgb-image.ts";
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
    ...readMetadata(bytes),
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

type Metadata = Pick<ImageExamination, "isCmyk" | "colourProfile" | "camera" | "takenAt" | "hasPosition">;

const noMetadata: Metadata = {
  isCmyk: false,
  colourProfile: null,
  camera: null,
  takenAt: null,
  hasPosition: false,
};

/** A file may be sound and its metadata broken: then it tells nothing. */
function readMetadata(bytes: Uint8Array): Metadata {
  try {
    const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // oxlint-disable-next-line import/no-named-as-default-member -- only the package's types have named exports
    const { file: frame, icc, exif, gps } = ExifReader.load(file, { expanded: true });
    const camera = [exif?.Make?.description, exif?.Model?.description].filter(Boolean).join(" ").trim();
    return {
      isCmyk: Number(frame?.["Color Components"]?.value) === 4,
      colourProfile: icc?.["ICC Description"]?.description ?? null,
      camera: camera === "" ? null : camera,
      takenAt: parseTime(exif?.DateTimeOriginal?.description),
      hasPosition: gps?.Latitude !== undefined,
    };
  } catch {
    return noMetadata;
  }
}

/** EXIF writes `2026:01:31 23:59:59`. @returns `null` for anything else, such as the zeros of an unset clock */
function parseTime(text: string | undefined): number | null {
  const parts = /^(\d{4}):(\d\d):(\d\d) (\d\d):(\d\d):(\d\d)/
    .exec(text ?? "")
    ?.slice(1)
    .map(Number);
  const [year = 0, month = 0, ...rest] = parts ?? [];
  return year === 0 || month === 0 ? null : Date.UTC(year, month - 1, ...rest);
}
