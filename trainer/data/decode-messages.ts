import type { ErrorCode } from "../../shared/contract/errors.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import type { Examination } from "../audit/examination.ts";
import type { FileRange } from "./file-tree.ts";
import type { ImageMetadata } from "./image-metadata.ts";

/** What is asked of a decoding thread. */
export type DecodeRequest =
  | { readonly kind: "inspect"; readonly ranges: readonly FileRange[]; readonly readsMetadata: boolean }
  | { readonly kind: "examine"; readonly ranges: readonly FileRange[] }
  | { readonly kind: "decode"; readonly ranges: readonly FileRange[]; readonly spec: PixelSpec };

/** What a file turned out to be. */
export type InspectedFile =
  /** Camera and time are `null` where the metadata were not asked for, too. */
  | ({
      readonly kind: "image";
      readonly sha256: string;
      /** Pixels, after EXIF orientation. */
      readonly width: number;
      /** Pixels, after EXIF orientation. */
      readonly height: number;
      /** Difference hash, 16 hex digits. */
      readonly perceptualHash: string;
    } & Pick<ImageMetadata, "camera" | "takenAt">)
  | { readonly kind: "unreadable"; readonly code: ErrorCode; readonly reason: string };

/** The answer of a decoding thread. */
export type DecodeReply =
  | { readonly kind: "inspected"; readonly files: readonly InspectedFile[] }
  | { readonly kind: "examined"; readonly files: readonly Examination[] }
  /** `[N, height, width, 3]` of the ranges asked for. */
  | { readonly kind: "decoded"; readonly pixels: Uint8Array<ArrayBuffer> }
  | { readonly kind: "failed"; readonly code: ErrorCode; readonly message: string };
