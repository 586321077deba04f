import type { RgbImage } from "../../shared/image/rgb-image.ts";

/** Luma of a pixel by ITU-R BT.601, 0-255. */
function lumaAt(data: Uint8Array, at: number): number {
  return 0.299 * (data[at] as number) + 0.587 * (data[at + 1] as number) + 0.114 * (data[at + 2] as number);
}

/** Mean luma of an image, 0-255. */
export function meanLuma({ data }: RgbImage): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 3) sum += lumaAt(data, at);
  return (3 * sum) / data.length;
}

/** Standard deviation of the luma, 0-127.5: near 0 for a picture of nothing. */
export function lumaContrast(image: RgbImage): number {
  const mean = meanLuma(image);
  let squares = 0;
  for (let at = 0; at < image.data.length; at += 3) squares += (lumaAt(image.data, at) - mean) ** 2;
  return Math.sqrt((3 * squares) / image.data.length);
}

/**
 * How much fine detail an image has: the deviation of the Laplacian of its luma as a share of the luma's own deviation
 * (J. L. Pech-Pacheco et al., ICPR 2000, made independent of contrast). Comparable between images of one size only.
 * @param image at least 3x3 px
 * @returns about 1 for sharp photos of 256 px, below 0.1 for blurred ones; 0 for a plain one
 */
export function sharpness(image: RgbImage): number {
  const { width, height, data } = image;
  const luma = Float32Array.from({ length: width * height }, (_, pixel) => lumaAt(data, 3 * pixel));
  let sum = 0;
  let squares = 0;
  for (let y = 1; y < height - 1; y++) {
    for (let x = 1; x < width - 1; x++) {
      const at = y * width + x;
      const value =
        (luma[at - 1] as number) +
        (luma[at + 1] as number) +
        (luma[at - width] as number) +
        (luma[at + width] as number) -
        4 * (luma[at] as number);
      sum += value;
      squares += value * value;
    }
  }
  const count = (width - 2) * (height - 2);
  const deviation = Math.sqrt(Math.max(0, squares / count - (sum / count) ** 2));
  const contrast = lumaContrast(image);
  return contrast < 1 ? 0 : deviation / contrast;
}
