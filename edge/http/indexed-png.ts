import { pngFile } from "./png-file.ts";

/** Red, green, blue and opacity, 0-255 each. */
export type PaletteColour = readonly [number, number, number, number];

/**
 * A small picture as a PNG file of palette type, unfiltered (PNG specification, third edition).
 * @param palette up to 256 colours  @param shadeAt index of the colour at column `x` and row `y`
 */
export async function encodeIndexedPng(
  width: number,
  height: number,
  palette: readonly PaletteColour[],
  shadeAt: (x: number, y: number) => number,
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = new Uint8Array(height * (width + 1));
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) rows[y * (width + 1) + 1 + x] = shadeAt(x, y);
  }
  // 8 bits a pixel, palette
  return pngFile(width, height, 0x0803, rows, [
    ["PLTE", Uint8Array.from(palette.flatMap(([red, green, blue]) => [red, green, blue]))],
    ["tRNS", Uint8Array.from(palette, ([, , , opacity]) => opacity)],
  ]);
}
