import { AppError } from "../contract/errors.ts";
import type { RgbImage } from "./rgb-image.ts";

/** How a JPEG is written. */
export interface JpegOptions {
  /** Whether chroma is halved both ways (4:2:0). @default true */
  readonly subsampled?: boolean;
  /** @default false */
  readonly progressive?: boolean;
  /** Rows of blocks between restart markers; 0 for none. @default 0 */
  readonly restartRows?: number;
}

/** Writes an image as JPEG, `quality` 1-100. @throws invalid_argument for another quality or too large an image */
export type JpegEncoder = (
  image: RgbImage,
  quality: number,
  options?: JpegOptions,
) => Uint8Array<ArrayBuffer>;

// What codec/encoder.c exports.
interface EncoderExports {
  readonly memory: WebAssembly.Memory;
  begin(bytes: number): number;
  encode(
    pixels: number,
    width: number,
    height: number,
    quality: number,
    subsample: number,
    progressive: number,
    restartRows: number,
  ): number;
  length(): number;
}

const maxSide = 65_500;
const keptMemoryBytes = 32 * 1024 * 1024;

/** An encoder over the compiled `codec/encoder.wasm`: libjpeg-turbo, the same bytes on every machine. */
export function createJpegEncoder(module: WebAssembly.Module): JpegEncoder {
  let kept: EncoderExports | null = null;
  return (image, quality, { subsampled = true, progressive = false, restartRows = 0 } = {}) => {
    if (!Number.isInteger(quality) || quality < 1 || quality > 100) {
      throw new AppError("invalid_argument", `JPEG quality ${quality}: whole numbers from 1 to 100`);
    }
    if (image.width > maxSide || image.height > maxSide) {
      throw new AppError(
        "invalid_argument",
        `${image.width}x${image.height} px as JPEG: ${maxSide} per side at most`,
      );
    }
    const exports = kept ?? instantiate(module);
    kept = null; // a failure leaves an instance in no known state
    const input = exports.begin(image.data.length);
    new Uint8Array(exports.memory.buffer, input, image.data.length).set(image.data);
    const output = exports.encode(
      input,
      image.width,
      image.height,
      quality,
      Number(subsampled),
      Number(progressive),
      restartRows,
    );
    const encoded = new Uint8Array(exports.memory.buffer, output, exports.length()).slice();
    if (exports.memory.buffer.byteLength <= keptMemoryBytes) kept = exports;
    return encoded;
  };
}

function instantiate(module: WebAssembly.Module): EncoderExports {
  const { exports } = new WebAssembly.Instance(module, {
    env: {
      fail(failure: number): never {
        throw new AppError("internal", `the JPEG encoder failed with number ${failure}`);
      },
    },
  });
  // The module is ours: build.sh names its exports.
  return exports as unknown as EncoderExports;
}
