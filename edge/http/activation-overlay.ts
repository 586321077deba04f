import type { Explanation } from "../../shared/contract/classify.ts";
import { encodeIndexedPng, type PaletteColour } from "./indexed-png.ts";

/** Pixels of the longer side: the grid has a few cells a side, and what shows the picture smooths it on. */
const longestSide = 128;
/** More are not told apart, and fewer make a smaller file. */
const shades = 32;

/** From nothing over red to yellow: opacity rises with the value, so that the photo stays visible where it says nothing. */
const palette: readonly PaletteColour[] = Array.from({ length: shades }, (_, shade) => {
  const value = shade / (shades - 1);
  return [255, Math.round(255 * value * value), 0, Math.round(190 * value)];
});

/**
 * An explanation as a picture to lay over the whole image: `data:image/png;base64,...`.
 * Bilinear between the middles of the cells, clear outside of what the model saw.
 */
export async function drawOverlay(explanation: Omit<Explanation, "overlay">): Promise<string> {
  const { size } = explanation;
  const scale = longestSide / Math.max(size.width, size.height);
  const width = Math.max(1, Math.round(size.width * scale));
  const height = Math.max(1, Math.round(size.height * scale));
  const png = await encodeIndexedPng(width, height, palette, (x, y) =>
    Math.round(valueAt(explanation, (x + 0.5) / width, (y + 0.5) / height) * (shades - 1)),
  );
  return `data:image/png;base64,${btoa(String.fromCharCode(...png))}`;
}

/** The map at a place of the image. @param x 0..1 of its width  @param y 0..1 of its height @returns 0..1 */
function valueAt(explanation: Omit<Explanation, "overlay">, x: number, y: number): number {
  const { area, width, height, values } = explanation;
  const inside = { x: (x - area.left) / area.width, y: (y - area.top) / area.height };
  if (inside.x < 0 || inside.x > 1 || inside.y < 0 || inside.y > 1) return 0;
  const column = between(inside.x * width - 0.5, width - 1);
  const row = between(inside.y * height - 0.5, height - 1);
  const at = (cellX: number, cellY: number): number => values[cellY * width + cellX] ?? 0;
  const above = mix(at(column.low, row.low), at(column.high, row.low), column.share);
  const below = mix(at(column.low, row.high), at(column.high, row.high), column.share);
  return mix(above, below, row.share);
}

/** The two cells that a position lies between, and the share of the second. */
function between(position: number, last: number): { low: number; high: number; share: number } {
  const held = Math.min(Math.max(position, 0), last);
  const low = Math.floor(held);
  return { low, high: Math.min(low + 1, last), share: held - low };
}

function mix(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
