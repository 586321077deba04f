import type { RgbImage } from "../../shared/image/rgb-image.ts";

/** A grid over the whole image, 0-1 a cell. */
export interface ActivationGrid {
  readonly width: number;
  readonly height: number;
  /** [height, width] */
  readonly values: ArrayLike<number>;
}

/** Share of the colour where the evidence is strongest. */
const strongest = 0.65;

/** Lays a grid of evidence over what the model saw: the more, the redder; bilinear between the cells' centres. */
export function overlayActivation(image: RgbImage, grid: ActivationGrid): RgbImage {
  const { width, height } = image;
  const data = new Uint8Array(image.data.length);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const value = sample(
        grid,
        ((x + 0.5) * grid.width) / width - 0.5,
        ((y + 0.5) * grid.height) / height - 0.5,
      );
      const share = strongest * Math.min(1, Math.max(0, value));
      const at = (y * width + x) * 3;
      const luma =
        0.299 * (image.data[at] ?? 0) + 0.587 * (image.data[at + 1] ?? 0) + 0.114 * (image.data[at + 2] ?? 0);
      data[at] = Math.round(luma * (1 - share) + 255 * share);
      data[at + 1] = Math.round(luma * (1 - share) + 60 * share);
      data[at + 2] = Math.round(luma * (1 - share) + 20 * share);
    }
  }
  return { width, height, data };
}

function sample({ width, height, values }: ActivationGrid, x: number, y: number): number {
  const left = Math.min(width - 1, Math.max(0, Math.floor(x)));
  const top = Math.min(height - 1, Math.max(0, Math.floor(y)));
  const right = Math.min(width - 1, left + 1);
  const bottom = Math.min(height - 1, top + 1);
  const partX = Math.min(1, Math.max(0, x - left));
  const partY = Math.min(1, Math.max(0, y - top));
  const at = (column: number, row: number): number => values[row * width + column] ?? 0;
  const upper = at(left, top) * (1 - partX) + at(right, top) * partX;
  const lower = at(left, bottom) * (1 - partX) + at(right, bottom) * partX;
  return upper * (1 - partY) + lower * partY;
}
