import type { Metrics } from "../../shared/contract/manifest.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { LabelledImage, OnImage } from "./labelled-image.ts";
import { computeMetrics } from "./metrics.ts";

/**
 * Metrics of a bundle on images whose classes are those of a dataset, not of the bundle: by name, as the label sets of two
 * versions may differ. A class that the bundle does not know gets probability 0, one that the dataset lacks is left out.
 * @param labels of the dataset; `classIndex` of the images is an index into them
 * @throws what `classify` throws for an image that does not decode
 */
export async function evaluateByLabel(
  classifier: Classifier,
  images: readonly LabelledImage[],
  labels: readonly string[],
  onImage: OnImage = () => undefined,
): Promise<Metrics> {
  const known = classifier.manifest.labels;
  const columnOf = known.map((label) => labels.indexOf(label));
  const probabilities = new Float32Array(images.length * labels.length);
  for (const [index, image] of images.entries()) {
    const { predictions } = classifier.classify(await image.read(), { topK: known.length });
    for (const { classIndex, probability } of predictions) {
      const column = columnOf[classIndex] ?? -1;
      if (column >= 0) probabilities[index * labels.length + column] = probability;
    }
    onImage(index + 1, images.length);
  }
  return computeMetrics(
    probabilities,
    images.map((image) => image.classIndex),
    labels,
  );
}
