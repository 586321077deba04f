import { stream } from "../../../trainer/training/random.ts";
import { makePng, pngRows } from "../../shared/image/image-files.ts";

const side = 16;

/** How the images of {@link stripedImages} are spoilt, or what tells their classes besides the stripes. */
export interface Spoiling {
  /** Share of the pixels that are black or white, salt and pepper. */
  readonly impulses?: number;
  /** Whether the stripes lie both ways in both classes, and faint single pixels tell one of them. */
  readonly dots?: boolean;
}

/** PNGs of 16x16 px, `across/` with stripes from left to right and `down/` with stripes from top to bottom. */
export function stripedImages(imagesEach: number, spoiling: Spoiling = {}): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {};
  for (const label of ["across", "down"] as const) {
    for (let index = 0; index < imagesEach; index++) {
      files[`${label}/${index}.png`] = stripedImage(label, index, spoiling);
    }
  }
  return files;
}

function stripedImage(label: "across" | "down", index: number, spoiling: Spoiling): Uint8Array {
  const random = stream(7, `${label}/${index}`);
  const { impulses = 0, dots = false } = spoiling;
  const isAcross = dots ? random.uniform() < 0.5 : label === "across";
  const [period, phase, base, depth] = [6 + 6 * random.uniform(), random.uniform(), 100, 15];
  const tints = [0, 1, 2].map(() => 40 * random.uniform());
  const rows = pngRows(side, side, (x, y) => {
    const stripe = depth * Math.sin(2 * Math.PI * ((isAcross ? y : x) / period + phase));
    const isDot = dots && label === "down" && random.uniform() < 0.12;
    if (random.uniform() < impulses) return Array(3).fill(random.uniform() < 0.5 ? 0 : 255);
    return tints.map((tint) => Math.round(base + tint + stripe + (isDot ? 28 : 0)));
  });
  return makePng({ width: side, height: side, bitDepth: 8, colourType: 2, rows });
}
