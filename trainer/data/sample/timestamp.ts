import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import type { Chance } from "./chance.ts";

// Digits of 3x5 dots, rows from the top, and the separators of a clock.
const glyphs: Readonly<Record<string, string>> = {
  "0": "111101101101111",
  "1": "010110010010111",
  "2": "111001111100111",
  "3": "111001111001111",
  "4": "101101111001001",
  "5": "111100111001111",
  "6": "111100111101111",
  "7": "111001010010010",
  "8": "111101111101111",
  "9": "111101111001111",
  "-": "000000111000000",
  ":": "000010000010000",
  " ": "000000000000000",
};

/** Writes date and time into a corner, as surveillance cameras do. */
export function paintTimestamp(image: RgbImage, chance: Chance): void {
  const digits = (count: number, bound: number): string =>
    String(chance.random.integer(bound)).padStart(count, "0");
  const date = `20${digits(2, 30)}-${digits(2, 12)}-${digits(2, 28)}`;
  const text = `${date} ${digits(2, 24)}:${digits(2, 60)}:${digits(2, 60)}`;
  const left = chance.happens(0.5) ? 3 : image.width - 3 - text.length * 4;
  const top = chance.happens(0.6) ? 3 : image.height - 8;
  const hasBar = chance.happens(0.4);
  if (hasBar) paintBox(image, left - 2, top - 2, left + text.length * 4 + 1, top + 7, 0);
  const ink = hasBar || chance.happens(0.8) ? 235 : 20;
  for (const [i, character] of text.split("").entries()) {
    const dots = glyphs[character] ?? "";
    for (const [dot, isSet] of dots.split("").entries()) {
      const x = left + i * 4 + (dot % 3);
      const y = top + Math.floor(dot / 3);
      if (isSet === "1") paintBox(image, x, y, x + 1, y + 1, ink);
    }
  }
}

function paintBox(
  { width, height, data }: RgbImage,
  left: number,
  top: number,
  right: number,
  bottom: number,
  level: number,
): void {
  for (let y = Math.max(top, 0); y < Math.min(bottom, height); y += 1) {
    data.fill(level, (y * width + Math.max(left, 0)) * 3, (y * width + Math.min(right, width)) * 3);
  }
}
