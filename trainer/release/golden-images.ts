import type { RgbImage } from "../../shared/image/rgb-image.ts";
import { stream } from "../training/random.ts";
import { withOrientation } from "./exif.ts";
import { encodePng } from "./png.ts";

/** An encoded image that a bundle carries to prove that it gives the same answers elsewhere. */
export interface GoldenImage {
  readonly name: string;
  readonly bytes: Uint8Array;
}

/**
 * Draws the images of the golden vectors from a seed: both formats and a turned photo, no side at the model's size,
 * so that decoding, orientation, resampling and the net all have to agree. Drawn, so that no bundle carries
 * somebody's photo.
 * @param encodeJpeg quality 1..100
 */
export function drawGoldenImages(
  seed: number,
  encodeJpeg: (image: RgbImage, quality: number) => Uint8Array,
): GoldenImage[] {
  const landscape = drawScene(seed, 112, 84);
  const portrait = drawScene(seed + 1, 72, 104);
  const turned = drawScene(seed + 2, 96, 72);
  const small = drawScene(seed + 3, 40, 40);
  return [
    { name: "jpeg-landscape", bytes: encodeJpeg(landscape, 85) },
    { name: "jpeg-portrait", bytes: encodeJpeg(portrait, 60) },
    { name: "jpeg-orientation-6", bytes: withOrientation(encodeJpeg(turned, 85), 6) },
    { name: "png", bytes: encodePng(small) },
  ];
}

/** A sloping background, some rectangles and a little noise, which give a net something to answer to. */
export function drawScene(seed: number, width: number, height: number): RgbImage {
  const random = stream(seed, "golden");
  const uniform = (): number => random.uniform();
  const data = new Uint8Array(width * height * 3);
  const slope = [uniform(), uniform(), uniform()];
  for (let i = 0; i < data.length; i++) {
    const pixel = Math.floor(i / 3);
    const down = Math.floor(pixel / width) / height;
    data[i] = 40 + 150 * Math.abs((slope[i % 3] as number) - down) + 16 * uniform();
  }
  for (let shape = 0; shape < 5; shape++) {
    const [left, top] = [Math.floor(uniform() * width * 0.8), Math.floor(uniform() * height * 0.8)];
    const right = Math.min(width, left + 4 + Math.floor(uniform() * width * 0.5));
    const bottom = Math.min(height, top + 4 + Math.floor(uniform() * height * 0.5));
    const colour = [uniform() * 255, uniform() * 255, uniform() * 255];
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) data.set(colour, (y * width + x) * 3);
    }
  }
  return { width, height, data };
}
