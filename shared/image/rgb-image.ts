import { AppError } from "../contract/errors.ts";

/** Decoded pixels: sRGB, orientation applied. */
export interface RgbImage {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** `[height, width, 3]` row-major, 0-255. */
  readonly data: Uint8Array;
}

/**
 * An image of `data`, which is kept, not copied.
 * @param data `[height, width, 3]` row-major RGB, 0-255
 * @throws invalid_argument if the sides are not positive integers or the data has another length
 */
export function createRgbImage(width: number, height: number, data: Uint8Array): RgbImage {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new AppError(
      "invalid_argument",
      `an image of ${width}x${height} px: sides are whole numbers above 0`,
    );
  }
  if (data.length !== width * height * 3) {
    throw new AppError(
      "invalid_argument",
      `an image of ${width}x${height} px has ${data.length} bytes: RGB takes ${width * height * 3}`,
    );
  }
  return { width, height, data };
}
