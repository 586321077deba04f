import type { ImageSet } from "../../../trainer/data/image-set.ts";
import { stream } from "../../../trainer/training/random.ts";

/** A set that a tiny net learns in seconds: noise around one colour a class, three classes. */
export function colouredImages(count: number, seed: number, size = 16): ImageSet {
  const random = stream(seed, "coloured-images");
  const labels = Int32Array.from({ length: count }, (_, index) => index % 3);
  const pixels = size * size;
  const images = new Uint8Array(count * pixels * 3);
  labels.forEach((label, image) => {
    for (let pixel = 0; pixel < pixels; pixel++) {
      for (let channel = 0; channel < 3; channel++) {
        const level = channel === label ? 120 : 90;
        images[(image * pixels + pixel) * 3 + channel] = level + random.integer(80);
      }
    }
  });
  const paths = Array.from(labels, (label, index) => `class-${label}/${index}.jpg`);
  return { width: size, height: size, images, labels, classes: 3, paths };
}
