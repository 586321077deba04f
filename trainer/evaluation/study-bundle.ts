import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { ImageSet } from "../data/image-set.ts";
import { type BundleEvaluation, evaluateBundle } from "./evaluate-bundle.ts";
import { evaluateOutputs } from "./evaluate-outputs.ts";
import type { Evaluation } from "./evaluation-record.ts";
import { decodeWithFacts, type LabelledImage } from "./labelled-image.ts";
import { topClass } from "./probability-quality.ts";
import { measureRobustness, type Robustness } from "./robustness.ts";
import { type ImageFacts, type Slice, sliceAccuracy } from "./slices.ts";

/** A bundle and what it is to be studied on. */
export interface StudyRequest {
  readonly classifier: Classifier;
  readonly images: readonly LabelledImage[];
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  /** Images that are spoilt for the robustness sweeps, given the milliseconds that one takes; 0 for none. */
  readonly robustnessImages: (latencyMs: number) => number;
  readonly onProgress?: (phase: "evaluate" | "robustness", done: number, total: number) => void;
}

/** Everything that labelled images show of a bundle. */
export interface BundleStudy {
  readonly evaluation: Evaluation;
  readonly answers: BundleEvaluation;
  readonly slices: readonly Slice[];
  readonly robustness: Robustness | null;
  /** At the size of the bundle's input, in the order of the images. */
  readonly set: ImageSet;
  readonly facts: readonly ImageFacts[];
}

/**
 * Evaluates a loaded bundle on encoded images, each classified as the Worker does, with slices and robustness.
 * @throws what `classify` throws for an image that does not decode
 */
export async function studyBundle(request: StudyRequest): Promise<BundleStudy> {
  const { classifier, images, codec, encodeJpeg, robustnessImages, onProgress } = request;
  const { labels, temperature, thresholds, input, unknown } = classifier.manifest;
  const answers = await evaluateBundle(classifier, images, (done, total) =>
    onProgress?.("evaluate", done, total),
  );
  const { probabilities } = answers;
  const { set, facts } = await decodeWithFacts(images, codec, input, labels);
  const actual = set.labels;
  const right = Array.from(
    actual,
    (label, i) => topClass(probabilities, i * labels.length, labels.length) === label,
  );
  const mostImages = robustnessImages(answers.latencyMs);
  const refused = answers.unknown.filter(Boolean).length / Math.max(1, images.length);
  return {
    evaluation: {
      ...evaluateOutputs({ probabilities, actual, labels, temperature, thresholds }),
      unknown: { rule: unknown.rule, refused, auroc: null, heldOut: [] },
    },
    answers,
    slices: sliceAccuracy(facts, right),
    robustness:
      mostImages === 0
        ? null
        : measureRobustness({
            classifier,
            set,
            codec,
            encodeJpeg,
            mostImages,
            onProgress: (done, total) => onProgress?.("robustness", done, total),
          }),
    set,
    facts,
  };
}
