import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { makePng } from "./image-files.ts";

/** Red, green and blue at a place. */
export function pixelAt(image: RgbImage, x: number, y: number): number[] {
  const at = (y * image.width + x) * 3;
  return [...image.data.subarray(at, at + 3)];
}

/** Mean of the absolute differences, 0-255. */
export function meanDifference(one: RgbImage, other: RgbImage): number {
  return differences(one, other).reduce((sum, value) => sum + value, 0) / one.data.length;
}

/** Largest of the absolute differences, 0-255. */
export function largestDifference(one: RgbImage, other: RgbImage): number {
  return differences(one, other).reduce((most, value) => Math.max(most, value), 0);
}

/** The image without loss, as RGB PNG. */
export function toPng({ width, height, data }: RgbImage): Uint8Array<ArrayBuffer> {
  const rows = new Uint8Array(height * (1 + width * 3));
  for (let y = 0; y < height; y++) {
    rows.set(data.subarray(y * width * 3, (y + 1) * width * 3), y * (1 + width * 3) + 1);
  }
  return makePng({ width, height, bitDepth: 8, colourType: 2, rows });
}

function differences(one: RgbImage, other: RgbImage): Uint8Array {
  if (one.width !== other.width || one.height !== other.height) throw new RangeError("sizes differ");
  return one.data.map((value, index) => Math.abs(value - (other.data[index] ?? 0)));
}
