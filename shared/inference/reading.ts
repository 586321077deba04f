import type { Classification, Explanation } from "../contract/classify.ts";
import type { ClassifyOptions } from "../contract/classify-request.ts";
import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import { inputArea } from "../image/image-area.ts";
import type { ClassActivation } from "./class-activation.ts";
import type { Inference } from "./loaded-graph.ts";
import { softmax } from "./softmax.ts";
import { type RankedClass, topK } from "./top-k.ts";
import { isUnknown } from "./unknown.ts";

/** What a model says of one image, all classes of it. */
export interface Reading {
  /** [C], unbounded. */
  readonly logits: Float32Array;
  /** [C], 0..1, after the temperature. */
  readonly probabilities: Float32Array;
  /** The most probable class. */
  readonly top: RankedClass;
  /** Whether the image shows none of the classes, by the manifest's rule. */
  readonly unknown: boolean;
  /** The least probability at which the top class counts as recognised, 0..1. */
  readonly threshold: number;
  /** Whether the top class is not unknown and passed its threshold. */
  readonly recognized: boolean;
}

/** Pixels of an image, its orientation applied. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

const defaultTopK = 5;

/**
 * Makes a reading of what the graph gave for one image.
 * @param centres class centres, for the rule `feature-distance`
 * @param ownThreshold replaces those of the manifest, 0..1
 * @throws {AppError} internal when a logit is not finite
 */
export function readInference(
  manifest: ModelManifest,
  { logits, embedding }: Inference,
  centres: Float32Array | undefined,
  ownThreshold: number | undefined,
): Reading {
  if (!logits.every(Number.isFinite)) {
    // else softmax would say so as if the caller were to blame
    throw new AppError("internal", `model ${manifest.version} gave a logit that is not finite; roll it back`);
  }
  const { temperature } = manifest;
  const probabilities = softmax(logits, temperature);
  const [top = { classIndex: 0, probability: 0 }] = topK(probabilities, 1);
  const evidence = { logits, probabilities, temperature, ...(embedding === undefined ? {} : { embedding }) };
  const unknown = isUnknown(manifest.unknown, evidence, centres);
  const threshold = ownThreshold ?? manifest.thresholds[top.classIndex] ?? 1;
  const recognized = !unknown && top.probability >= threshold;
  return { logits, probabilities, top, unknown, threshold, recognized };
}

/** The answer to one image that a reading makes. */
export function describeReading(
  { labels }: ModelManifest,
  { probabilities, unknown, threshold, recognized }: Reading,
  options: ClassifyOptions,
): Classification {
  const ranked = topK(probabilities, options.topK ?? defaultTopK);
  return {
    predictions: ranked.map((entry) => ({ label: labels[entry.classIndex] ?? "", ...entry })),
    unknown,
    threshold,
    recognized,
  };
}

/**
 * Where in the image the evidence for its top class lies. Cells that speak against the class are 0, the strongest is 1.
 * @param featureMap [height, width, channels]  @param size of the image as it is seen
 */
export function explainReading(
  { labels, input }: ModelManifest,
  { top }: Reading,
  activation: ClassActivation,
  featureMap: Float32Array,
  size: ImageSize,
): Explanation {
  const { classIndex } = top;
  const { width, height } = activation;
  const map = activation.map(featureMap, classIndex);
  const largest = map.reduce((most, value) => Math.max(most, value), 0);
  // 3 digits are finer than the 256 shades that a screen shows
  const values = Array.from(map, (value) => Math.round((1000 * Math.max(0, value)) / (largest || 1)) / 1000);
  const area = inputArea(input, size.width, size.height);
  return { method: "cam", label: labels[classIndex] ?? "", classIndex, width, height, values, area, size };
}
