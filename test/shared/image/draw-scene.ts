import type { RgbImage } from "../../../shared/image/rgb-image.ts";

/**
 * A picture without any symmetry: gradients, a disc, a bar, stripes and a little noise, in whole numbers only, so
 * that it is the same everywhere.
 */
export function drawScene(width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  let noise = 12_345;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      noise = (Math.imul(noise, 1_103_515_245) + 12_345) & 0x7fff_ffff;
      const u = Math.floor((x * 1000) / width);
      const v = Math.floor((y * 1000) / height);
      const colour = sceneColour(u, v);
      const grain = (noise >> 16) % 9;
      const at = (y * width + x) * 3;
      data[at] = (colour >> 16) + grain;
      data[at + 1] = ((colour >> 8) & 255) + grain;
      data[at + 2] = (colour & 255) + grain;
    }
  }
  return { width, height, data };
}

/** The colour, 0xRRGGBB, at `u`, `v` in thousandths of the sides; at most 247 a channel. */
function sceneColour(u: number, v: number): number {
  const fromDisc = (u - 300) * (u - 300) + (v - 350) * (v - 350);
  if (fromDisc < 40_000) return rgb(230, 60 + (v >> 3), 40);
  if (u > 620 && u < 760 && v > 120 && v < 900) return rgb(30, 90, 200);
  if (u > 800 && (u + 2 * v) % 120 < 40) return rgb(245, 240, 90);
  if (v > 850) return rgb((u >> 3) + 20, 140, 70);
  return rgb((u * 200) >> 10, (v * 220) >> 10, 230 - ((u + v) >> 4));
}

function rgb(red: number, green: number, blue: number): number {
  return (red << 16) | (green << 8) | blue;
}

/** The image as it is stored under an EXIF orientation, so that a viewer shows `upright` (TIFF 6.0, tag 274). */
export function storeTurned(upright: RgbImage, orientation: number): RgbImage {
  const { width: shownWidth, height: shownHeight } = upright;
  const turned = orientation >= 5;
  const width = turned ? shownHeight : shownWidth;
  const height = turned ? shownWidth : shownHeight;
  // The tag names the sides on which the stored row 0 and column 0 are shown.
  const [rowZero, columnZero] = shownSides[orientation - 1] ?? shownSides[0];
  const start = [rowZero, columnZero].reduce((at, side) => {
    if (side === "bottom") return at + (shownHeight - 1) * shownWidth;
    return side === "right" ? at + shownWidth - 1 : at;
  }, 0);
  const rowStep = stepAwayFrom(rowZero, shownWidth);
  const columnStep = stepAwayFrom(columnZero, shownWidth);
  const data = new Uint8Array(width * height * 3);
  let to = 0;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const from = (start + y * rowStep + x * columnStep) * 3;
      data[to++] = upright.data[from] as number;
      data[to++] = upright.data[from + 1] as number;
      data[to++] = upright.data[from + 2] as number;
    }
  }
  return { width, height, data };
}

type Side = "top" | "bottom" | "left" | "right";

const shownSides: readonly [readonly [Side, Side], ...(readonly [Side, Side])[]] = [
  ["top", "left"],
  ["top", "right"],
  ["bottom", "right"],
  ["bottom", "left"],
  ["left", "top"],
  ["right", "top"],
  ["right", "bottom"],
  ["left", "bottom"],
];

/** Pixels from one row or column to the next in an image `width` wide, going away from a side. */
function stepAwayFrom(side: Side, width: number): number {
  return { top: width, bottom: -width, left: 1, right: -1 }[side];
}
