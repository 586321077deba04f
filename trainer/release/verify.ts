import type { Metrics, ModelManifest } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import { normalize } from "../../shared/image/normalize.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
import { type Classifier, createClassifier } from "../../shared/inference/classifier.ts";
import type { EngineChoice } from "../../shared/inference/engine-choice.ts";
import type { ImageSet } from "../data/image-set.ts";
import { evaluateBundle } from "../evaluation/evaluate-bundle.ts";
import type { LabelledImage, OnImage } from "../evaluation/labelled-image.ts";
import { inferLogits } from "../evaluation/batch-inference.ts";
import { bundleSource } from "./assemble.ts";
import { type Budget, findShortfalls, measureParity, type Outputs, type Parity } from "./budget.ts";
import type { GoldenImage } from "./golden-images.ts";
import type { UnpublishedVersion } from "./publish.ts";

/** The float model on the test split, against which bundles are measured. */
export interface FloatReference extends Outputs {
  readonly metrics: Metrics;
}

/** What the test split says of one bundle. */
export interface Verification {
  readonly metrics: Metrics;
  readonly parity: Parity;
  /** What it loses beyond the budget; empty when it may be published. */
  readonly shortfalls: readonly string[];
  /** [N, C] of the bundle. */
  readonly probabilities: Float32Array;
  /** Of each image, whether the bundle calls it unknown. */
  readonly unknown: readonly boolean[];
  /** Milliseconds an image, decoded and classified one by one. */
  readonly latencyMs: number;
}

/** The test split, encoded and decoded; the same images in the same order. */
export interface TestSplit {
  readonly files: readonly LabelledImage[];
  readonly images: ImageSet;
}

/**
 * Loads a bundle from its bytes as the Worker does, for the time of `use`.
 * tfjs must compute on the WASM backend.
 * @param choice `stock` for the engine that golden vectors come from
 */
export async function withBundle<T>(
  bundle: UnpublishedVersion,
  codec: ImageCodec,
  use: (classifier: Classifier) => Promise<T> | T,
  choice?: EngineChoice,
): Promise<T> {
  const classifier = createClassifier(await openBundle(bundleSource(bundle)), codec, choice);
  try {
    return await use(classifier);
  } finally {
    classifier.dispose();
  }
}

/** Runs a loaded bundle on the encoded test images, the Worker's way, and compares it with the float model. */
export async function verifyBundle(
  classifier: Classifier,
  test: TestSplit,
  float: FloatReference,
  budget: Budget,
  onImage?: OnImage,
): Promise<Verification> {
  const { metrics, probabilities, unknown, latencyMs } = await evaluateBundle(
    classifier,
    test.files,
    onImage,
  );
  const logits = inferLogits(classifier, test.images);
  const parity = measureParity(float, { logits, probabilities }, test.images.classes);
  const shortfalls = findShortfalls(float.metrics, metrics, parity, budget);
  return { metrics, parity, shortfalls, probabilities, unknown, latencyMs };
}

/** Logits may differ by this much of the largest one: far above rounding, far below a changed answer. */
const goldenTolerance = 1e-3;

/**
 * The logits that a loaded bundle gives for the golden images.
 * @param classifier of engine `stock`: our kernels must agree with tfjs's, here and wherever the bundle is loaded
 */
export function measureGolden(
  classifier: Classifier,
  codec: ImageCodec,
  images: readonly GoldenImage[],
): ModelManifest["golden"] {
  const { input } = classifier.manifest;
  const vectors = images.map(({ name, bytes }) => ({
    name,
    image: Buffer.from(bytes).toString("base64"),
    logits: Array.from(
      classifier.infer(normalize(codec.decode(bytes, input).image, input)).logits,
      fewestDigits,
    ),
  }));
  const largest = Math.max(1, ...vectors.flatMap((vector) => vector.logits.map(Math.abs)));
  return { tolerance: goldenTolerance * largest, vectors };
}

/** The number of fewest decimal digits that rounds to a float32: JSON is half as long, and the same value is read. */
export function fewestDigits(value: number): number {
  for (let digits = 6; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === value) return rounded;
  }
  return Number(value.toPrecision(9));
}
