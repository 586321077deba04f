import type { Metrics } from "../../shared/contract/manifest.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { LabelledFile, OnImage } from "./labelled-file.ts";
import { computeMetrics } from "./metrics.ts";

/** What a bundle answered. */
export interface BundleEvaluation {
  /** [N, C] row-major. */
  readonly probabilities: Float32Array;
  readonly metrics: Metrics;
}

/**
 * Classifies encoded images exactly as the Worker does and counts how often the bundle is right.
 * @throws what `classify` throws for a file that does not decode
 */
export async function evaluateBundle(
  classifier: Classifier,
  files: readonly LabelledFile[],
  onImage: OnImage = () => undefined,
): Promise<BundleEvaluation> {
  const { labels } = classifier.manifest;
  const probabilities = new Float32Array(files.length * labels.length);
  for (const [index, file] of files.entries()) {
    const { predictions } = classifier.classify(await file.read(), { topK: labels.length });
    for (const { classIndex, probability } of predictions) {
      probabilities[index * labels.length + classIndex] = probability;
    }
    onImage(index + 1, files.length);
  }
  const actual = files.map((file) => file.classIndex);
  return { probabilities, metrics: computeMetrics(probabilities, actual, labels) };
}
