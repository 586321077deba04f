import type { ErrorCode } from "../../shared/contract/errors.ts";
import type { ImageFormat } from "../../shared/image/sniff-format.ts";
import type { GivenSplit } from "../data/class-folders.ts";
import type { FileRange } from "../data/file-tree.ts";
import type { ImageMetadata } from "../data/image-metadata.ts";

/** What one image file shows of itself. */
export interface ImageExamination extends ImageMetadata {
  readonly kind: "image";
  readonly sha256: string;
  /** Difference hash, 16 hex digits. */
  readonly perceptualHash: string;
  readonly format: ImageFormat;
  /** Pixels, after EXIF orientation. */
  readonly width: number;
  readonly height: number;
  /** EXIF orientation, 1-8. */
  readonly orientation: number;
  /** Damages that the decoder got over. */
  readonly damages: number;
  /** Mean luma, 0-255. */
  readonly brightness: number;
  /** Standard deviation of the luma. */
  readonly contrast: number;
  /** See `sharpness`, at 128 px; `null` for images that are smaller. */
  readonly sharpness: number | null;
  /** No pixel has a colour. */
  readonly isGrey: boolean;
  /** [768], see `cheapFeatures`. */
  readonly features: Float32Array<ArrayBuffer>;
}

/** What one file shows of itself. */
export type Examination =
  | ImageExamination
  | { readonly kind: "unreadable"; readonly code: ErrorCode; readonly reason: string };

/** An image of a dataset with what it shows of itself. */
export interface AuditedImage extends ImageExamination {
  /** Relative to the dataset's root. */
  readonly path: string;
  readonly label: string;
  /** The split whose folder it lies in, `null` where the dataset has no such folders. */
  readonly givenSplit: GivenSplit | null;
  readonly range: FileRange;
}
