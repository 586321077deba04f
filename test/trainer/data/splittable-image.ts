import { createHash } from "node:crypto";
import type { SplittableImage } from "../../../trainer/data/split.ts";

/** An image of its own, by its number. */
export function image(number: number, classIndex: number): SplittableImage {
  const sha256 = createHash("sha256").update(`image ${number}`).digest("hex");
  return {
    sha256,
    perceptualHash: createHash("sha256").update(`hash ${number}`).digest("hex").slice(0, 16),
    label: `class ${classIndex}`,
    givenSplit: null,
  };
}
