import { type ImageSet, imageCount, imagePixels } from "./image-set.ts";

/** Bytes by which a value has to lie outside those around it to count as an impulse. */
const leastStep = 32;

/**
 * Share of values that are brighter or darker than all eight around them by a wide margin, in the typical image of a set:
 * those of salt and pepper. Photos have up to 0.0016 at any size, 0.01 with a hundredth of their pixels replaced; where
 * images are made much smaller nothing of such noise is left, and nothing is found.
 * @returns 0-1, the median over the images; 0 without images or inner pixels
 */
export function impulseShare(set: ImageSet): number {
  const shares = Array.from({ length: imageCount(set) }, (_, index) =>
    impulseShareOf(imagePixels(set, index), set.width, set.height),
  ).toSorted((a, b) => a - b);
  return shares[Math.floor(shares.length / 2)] ?? 0;
}

function impulseShareOf(pixels: Uint8Array, width: number, height: number): number {
  const row = 3 * width;
  const around = [-row - 3, -row, -row + 3, -3, 3, row - 3, row, row + 3];
  let found = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let at = y * row + 3; at < (y + 1) * row - 3; at++) {
      const value = pixels[at] as number;
      let lowest = 255;
      let highest = 0;
      for (const step of around) {
        const other = pixels[at + step] as number;
        if (other < lowest) lowest = other;
        if (other > highest) highest = other;
      }
      if (value > highest + leastStep || value < lowest - leastStep) found++;
    }
  }
  return found / Math.max(1, 3 * (width - 2) * (height - 2));
}
