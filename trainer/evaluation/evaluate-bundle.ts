import type { Metrics } from "../../shared/contract/manifest.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { LabelledImage, OnImage } from "./labelled-image.ts";
import { computeMetrics } from "./metrics.ts";

/** What a bundle answered. */
export interface BundleEvaluation {
  /** [N, C] row-major. */
  readonly probabilities: Float32Array;
  readonly metrics: Metrics;
  /** Of each image, whether the bundle calls it unknown. */
  readonly unknown: readonly boolean[];
  /** Milliseconds an image, the median; reading it from disk does not count. */
  readonly latencyMs: number;
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
  const unknown: boolean[] = [];
  const times: number[] = [];
  for (const [index, image] of images.entries()) {
    const bytes = await image.read();
    const start = performance.now();
    const { predictions, unknown: isUnknown } = classifier.classify(bytes, { topK: labels.length });
    times.push(performance.now() - start);
    unknown.push(isUnknown);
    for (const { classIndex, probability } of predictions) {
      probabilities[index * labels.length + classIndex] = probability;
    }
    onImage(index + 1, images.length);
  }
  const actual = images.map((image) => image.classIndex);
  const latencyMs = times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
  return { probabilities, metrics: computeMetrics(probabilities, actual, labels), unknown, latencyMs };
}
