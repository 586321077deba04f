import type { Metrics } from "../../shared/contract/manifest.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { LabelledImage, OnImage } from "./labelled-image.ts";
import { computeMetrics } from "./metrics.ts";

/** What a bundle answered. */
export interface BundleEvaluation {
  /** [N, C] row-major. */
  readonly probabilities: Float32Array;
  readonly metrics: Metrics;
}

/**
 * Classifies encoded images exactly as the Worker does and counts how often the bundle is right.
 * @throws what `classify` throws for an image that does not decode
 */
export async function evaluateBundle(
  classifier: Classifier,
  images: readonly LabelledImage[],
  onImage: OnImage = () => undefined,
): Promise<BundleEvaluation> {
  const { labels } = classifier.manifest;
  const probabilities = new Float32Array(images.length * labels.length);
  for (const [index, image] of images.entries()) {
    const { predictions } = classifier.classify(await image.read(), { topK: labels.length });
    for (const { classIndex, probability } of predictions) {
      probabilities[index * labels.length + classIndex] = probability;
    }
    onImage(index + 1, images.length);
  }
  const actual = images.map((image) => image.classIndex);
  return { probabilities, metrics: computeMetrics(probabilities, actual, labels) };
}
