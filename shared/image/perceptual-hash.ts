import { AppError } from "../contract/errors.ts";
import type { RgbImage } from "./rgb-image.ts";

const columns = 9;
const rows = 8;

/**
 * The difference hash of an image: whether each of 8x8 cells of its luma is brighter than its right neighbour
 * (N. Krawetz, "Kind of Like That", 2013). Near-duplicates differ in few bits, whatever their size.
 * @param image at least 9x8 px; larger ones are averaged down to that
 * @returns 16 hex digits, the top left cell in the highest bit
 * @throws invalid_argument if the image is smaller than 9x8 px
 */
export function differenceHash(image: RgbImage): string {
  if (image.width < columns || image.height < rows) {
    throw new AppError(
      "invalid_argument",
      `a difference hash of ${image.width}x${image.height} px: at least ${columns}x${rows} are needed`,
    );
  }
  const luma = averageLuma(image);
  let hash = "";
  for (let row = 0; row < rows; row++) {
    let byte = 0;
    for (let column = 0; column < columns - 1; column++) {
      const left = luma[row * columns + column] as number;
      const right = luma[row * columns + column + 1] as number;
      byte = (byte << 1) | Number(left > right);
    }
    hash += byte.toString(16).padStart(2, "0");
  }
  return hash;
}

/** Bits in which two hashes of {@link differenceHash} differ, 0-64. */
export function hashDistance(one: string, other: string): number {
  let distance = 0;
  for (let digit = 0; digit < one.length; digit++) {
    let differing = Number.parseInt(one.charAt(digit), 16) ^ Number.parseInt(other.charAt(digit), 16);
    for (; differing > 0; differing >>= 1) distance += differing & 1;
  }
  return distance;
}

/** `[8, 9]` mean luma (ITU-R BT.601 weights in thousandths) of the cells. */
function averageLuma({ width, height, data }: RgbImage): Float64Array {
  const luma = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    const top = Math.floor((row * height) / rows);
    const bottom = Math.floor(((row + 1) * height) / rows);
    for (let column = 0; column < columns; column++) {
      const left = Math.floor((column * width) / columns);
      const right = Math.floor(((column + 1) * width) / columns);
      luma[row * columns + column] =
        cellLuma(data, width, left, right, top, bottom) / ((right - left) * (bottom - top));
    }
  }
  return luma;
}

function cellLuma(
  data: Uint8Array,
  width: number,
  left: number,
  right: number,
  top: number,
  bottom: number,
): number {
  let sum = 0;
  for (let y = top; y < bottom; y++) {
    for (let at = (y * width + left) * 3; at < (y * width + right) * 3; at += 3) {
      const red = data[at] as number;
      const green = data[at + 1] as number;
      const blue = data[at + 2] as number;
      sum += 299 * red + 587 * green + 114 * blue;
    }
  }
  return sum;
}
