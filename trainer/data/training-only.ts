import type { Split } from "../../shared/contract/dataset.ts";
import { hashDistance } from "../../shared/image/perceptual-hash.ts";
import { type HashedImage, nearDuplicateBits } from "./near-duplicates.ts";

/** Images that may be learned from, and those that may not, with the reason. */
export interface Admission<T> {
  readonly admitted: readonly T[];
  readonly refused: readonly { readonly image: T; readonly reason: string }[];
}

/**
 * Which of the images that people picked may join a dataset, all of them in its train split: what was picked is no fair
 * draw, so nothing is ever chosen, calibrated or reported by it. One that is equal or nearly equal to an image that is
 * held back stays out, since the net would be tested on what it has learned; the dataset's own images do not move.
 * @param images of the dataset, with their splits
 * @param picked in order of precedence among equal ones
 */
export function admitTrainingOnly<T extends HashedImage>(
  images: readonly (HashedImage & { readonly split: Split })[],
  picked: readonly T[],
): Admission<T> {
  const known = new Set(images.map(({ sha256 }) => sha256));
  const heldBack = images.filter(({ split }) => split !== "train");
  const admitted: T[] = [];
  const refused: { image: T; reason: string }[] = [];
  for (const image of picked) {
    const like = heldBack.find(
      (other) =>
        other.sha256 === image.sha256 ||
        hashDistance(other.perceptualHash, image.perceptualHash) <= nearDuplicateBits,
    );
    if (like !== undefined)
      refused.push({ image, reason: `is nearly equal to an image of the ${like.split} split` });
    else if (known.has(image.sha256)) refused.push({ image, reason: "is in the dataset already" });
    else admitted.push(image);
    known.add(image.sha256);
  }
  return { admitted, refused };
}
