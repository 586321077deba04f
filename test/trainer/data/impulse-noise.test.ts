import { expect, it } from "vitest";
import type { ImageSet } from "../../../trainer/data/image-set.ts";
import { impulseShare } from "../../../trainer/data/impulse-noise.ts";

const [width, height] = [12, 10];
const inner = 3 * (width - 2) * (height - 2);

/** Grey images of the value 100, each with some values that differ, `[x, y, channel, value]`. */
function greyImages(
  ...changes: readonly (readonly (readonly [number, number, number, number])[])[]
): ImageSet {
  const size = 3 * width * height;
  const images = new Uint8Array(changes.length * size).fill(100);
  for (const [index, own] of changes.entries()) {
    for (const [x, y, channel, value] of own) images[index * size + 3 * (y * width + x) + channel] = value;
  }
  const labels = new Int32Array(changes.length);
  return { width, height, images, labels, classes: 1, paths: changes.map((_, index) => `${index}.png`) };
}

it("counts values far above or below all eight around them", () => {
  const dots = greyImages([
    [1, 1, 0, 255],
    [5, 5, 1, 0],
    [10, 8, 2, 133],
  ]);
  expect(impulseShare(dots)).toBeCloseTo(3 / inner, 12);
});

it.for([
  ["values a little off", [[3, 3, 0, 132]]],
  ["edges and lines", Array.from({ length: height }, (_, y) => [4, y, 0, 255])],
  ["values at the border", [[0, 4, 0, 255]]],
  [
    "neighbours of a kind, as of JPEG's blocks",
    [
      [4, 4, 0, 255],
      [5, 5, 0, 240],
    ],
  ],
] as const)("does not count %s", ([, changes]) => {
  expect(impulseShare(greyImages(changes as [number, number, number, number][]))).toBe(0);
});

it("is that of the typical image, so that a few odd ones do not matter", () => {
  const one = [[2, 2, 0, 255]] as const;
  expect(impulseShare(greyImages([], one, []))).toBe(0);
  expect(impulseShare(greyImages([], one, one))).toBeCloseTo(1 / inner, 12);
});
