import { AppError } from "../../shared/contract/errors.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { ImageSet } from "../data/image-set.ts";
import { probabilitiesOf, runBatches } from "../evaluation/predict-logits.ts";
import { largestDelta } from "./budget.ts";

/** Folding and fusing only reorder sums; a larger difference of a probability is a fault of the compiler. */
export const compilationTolerance = 1e-4;

/**
 * Makes sure that the compiled float32 model computes what the trained one does, on images it was not tested on.
 * @param logits [N, C] of the trained model on the same images
 * @throws internal when a probability differs by more than {@link compilationTolerance}
 */
export async function checkCompilation(
  compiled: Classifier,
  images: ImageSet,
  logits: Float32Array,
): Promise<void> {
  const compiledLogits = await runBatches(
    images,
    compiled.manifest.input,
    (nhwc, batch) => compiled.infer(nhwc, batch).logits,
  );
  const [expected, got] = [logits, compiledLogits].map((values) =>
    probabilitiesOf(values, images.classes, 1),
  );
  const delta = largestDelta(expected ?? logits, got ?? logits);
  if (delta <= compilationTolerance) return;
  throw new AppError(
    "internal",
    `the compiled model's probabilities differ by ${delta} from the trained model's, ${compilationTolerance} is ` +
      "allowed; please report the architecture",
  );
}
