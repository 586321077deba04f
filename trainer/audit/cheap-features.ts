import type { RgbImage } from "../../shared/image/rgb-image.ts";

/** Side of the square image that {@link cheapFeatures} takes, in pixels. */
export const cheapFeatureSide = 64;

const cells = 8;
const orientations = 9;
const colourCells = 8;

/** Numbers of {@link cheapFeatures}. */
export const cheapFeatureCount = cells * cells * orientations + colourCells * colourCells * 3;

/**
 * Features of an image that need no net: histograms of oriented gradients (N. Dalal and B. Triggs, CVPR 2005) in 8x8
 * cells, each of length 1, and the mean colour of 8x8 cells.
 * @param image 64x64 px
 * @returns [768], about 0-1
 */
export function cheapFeatures(image: RgbImage): Float32Array {
  const side = cheapFeatureSide;
  const luma = Float32Array.from({ length: side * side }, (_, pixel) => {
    const [red = 0, green = 0, blue = 0] = image.data.subarray(3 * pixel, 3 * pixel + 3);
    return (0.299 * red + 0.587 * green + 0.114 * blue) / 255;
  });
  const features = new Float32Array(cheapFeatureCount);
  for (let y = 0; y < side; y++) {
    for (let x = 0; x < side; x++) {
      const right = luma[y * side + Math.min(x + 1, side - 1)] as number;
      const left = luma[y * side + Math.max(x - 1, 0)] as number;
      const below = luma[Math.min(y + 1, side - 1) * side + x] as number;
      const above = luma[Math.max(y - 1, 0) * side + x] as number;
      const [across, down] = [right - left, below - above];
      const angle = (Math.atan2(down, across) / Math.PI + 1) % 1;
      const cell = Math.floor((y * cells) / side) * cells + Math.floor((x * cells) / side);
      const at = cell * orientations + Math.min(orientations - 1, Math.floor(angle * orientations));
      features[at] = (features[at] as number) + Math.hypot(across, down);
    }
  }
  normaliseCells(features);
  addColours(features, image);
  return features;
}

function normaliseCells(features: Float32Array): void {
  for (let start = 0; start < cells * cells * orientations; start += orientations) {
    const cell = features.subarray(start, start + orientations);
    const length = Math.hypot(...cell) + 0.5;
    for (const [i, value] of cell.entries()) cell[i] = value / length;
  }
}

function addColours(features: Float32Array, { data }: RgbImage): void {
  const start = cells * cells * orientations;
  const share = 1 / (255 * (cheapFeatureSide / colourCells) ** 2);
  for (let at = 0; at < data.length; at++) {
    const pixel = Math.floor(at / 3);
    const column = Math.floor(((pixel % cheapFeatureSide) * colourCells) / cheapFeatureSide);
    const row = Math.floor((Math.floor(pixel / cheapFeatureSide) * colourCells) / cheapFeatureSide);
    const to = start + (row * colourCells + column) * 3 + (at % 3);
    features[to] = (features[to] as number) + share * (data[at] as number);
  }
}
