import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { MetadataColumn } from "../data/metadata-table.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import { type BundleEvaluation, evaluateBundle } from "./evaluate-bundle.ts";
import { evaluateOutputs } from "./evaluate-outputs.ts";
import type { Evaluation } from "./evaluation-record.ts";
import { readImageFacts } from "./image-facts.ts";
import { decodeImages, type LabelledImage } from "./labelled-image.ts";
import { topClass } from "./probability-quality.ts";
import { measureRobustness, type Robustness } from "./robustness.ts";
import { type Slice, sliceAccuracy } from "./slices.ts";

/** A bundle and what it is to be studied on. */
export interface StudyRequest {
  readonly classifier: Classifier;
  readonly images: readonly LabelledImage[];
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  /** Images that are spoilt for the robustness sweeps, given the milliseconds that one takes; 0 for none. */
  readonly robustnessImages: (latencyMs: number) => number;
  /** What the user tells of the images, to part them by. */
  readonly metadata?: readonly MetadataColumn[] | undefined;
  readonly onProgress?: (phase: StudyPhase, done: number, total: number) => void;
}

/** What a study is at. */
export type StudyPhase = "evaluate" | "inspect" | "robustness";

/** Everything that labelled images show of a bundle. */
export interface BundleStudy {
  readonly evaluation: Evaluation;
  readonly answers: BundleEvaluation;
  readonly slices: readonly Slice[];
  readonly robustness: Robustness | null;
}

/**
 * Evaluates a loaded bundle on encoded images, each classified as the Worker does, with slices and robustness; no more
 * than a few images are in memory at once.
 * @throws what `classify` throws for an image that does not decode
 */
export async function studyBundle(request: StudyRequest): Promise<BundleStudy> {
  const { classifier, images, codec, encodeJpeg, robustnessImages, onProgress } = request;
  const { labels, temperature, thresholds, input, unknown } = classifier.manifest;
  const answers = await evaluateBundle(classifier, images, (done, total) =>
    onProgress?.("evaluate", done, total),
  );
  const { probabilities } = answers;
  const facts = await readImageFacts(images, codec, labels, (done, total) =>
    onProgress?.("inspect", done, total),
  );
  const actual = Int32Array.from(images, ({ classIndex }) => classIndex);
  const right = images.map(
    ({ classIndex }, i) => topClass(probabilities, i * labels.length, labels.length) === classIndex,
  );
  const spoilt = spreadEvenly(images, robustnessImages(answers.latencyMs));
  const refused = answers.unknown.filter(Boolean).length / Math.max(1, images.length);
  return {
    evaluation: {
      ...evaluateOutputs({ probabilities, actual, labels, temperature, thresholds }),
      unknown: { rule: unknown.rule, refused, auroc: null, heldOut: [] },
    },
    answers,
    slices: sliceAccuracy(facts, right, request.metadata),
    robustness:
      spoilt.length === 0
        ? null
        : measureRobustness({
            classifier,
            set: await decodeImages(spoilt, codec, input, labels.length),
            codec,
            encodeJpeg,
            onProgress: (done, total) => onProgress?.("robustness", done, total),
          }),
  };
}
