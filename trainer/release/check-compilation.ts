import { AppError } from "../../shared/contract/errors.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { ImageSet } from "../data/image-set.ts";
import { inferLogits, probabilitiesOf } from "../evaluation/batch-inference.ts";
import { largestDelta } from "./budget.ts";

/** Folding and fusing only reorder sums; a larger difference of a probability is a fault of the compiler. */
export const compilationTolerance = 1e-4;

/**
 * Makes sure that the compiled float32 model computes what the trained one does, on images it was not tested on.
 * @param logits [N, C] of the trained model on the same images
 * @throws internal when a probability differs by more than {@link compilationTolerance}
 */
export function checkCompilation(compiled: Classifier, images: ImageSet, logits: Float32Array): void {
  const expected = probabilitiesOf(logits, images.classes, 1);
  const delta = largestDelta(expected, probabilitiesOf(inferLogits(compiled, images), images.classes, 1));
  if (delta <= compilationTolerance) return;
  throw new AppError(
    "internal",
    `the compiled model's probabilities differ by ${delta} from the trained model's, ${compilationTolerance} is ` +
      "allowed; please report the architecture",
  );
}
