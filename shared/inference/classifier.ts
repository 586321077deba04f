import type { Classification, ClassifyOptions } from "../contract/classify.ts";
import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import type { ImageCodec } from "../image/codec.ts";
import { normalize } from "../image/normalize.ts";
import type { Bundle } from "./bundle.ts";
import type { GraphMemory } from "./graph-check.ts";
import { loadGraph, type Inference, type InferenceOutputs } from "./loaded-graph.ts";
import { runSelfTest, type SelfTestReport } from "./self-test.ts";
import { softmax } from "./softmax.ts";
import { topK } from "./top-k.ts";
import { isUnknown } from "./unknown.ts";

/** A loaded model: from the bytes of an image to its classes, the same in the trainer and the Worker. */
export interface Classifier {
  readonly manifest: ModelManifest;
  /** Estimated bytes of WASM memory. */
  readonly memory: GraphMemory;
  /** Decodes and classifies one image. @throws unsupported_media_type, invalid_image, image_too_large */
  classify(bytes: Uint8Array, options?: ClassifyOptions): Classification;
  /** Runs the graph on normalized images. @param nhwc [batch, height, width, 3] @throws invalid_argument */
  infer(nhwc: Float32Array, batch?: number, outputs?: InferenceOutputs): Inference;
  /** Runs the first `limit` golden vectors, all unless told. @throws self_test_failed */
  selfTest(limit?: number): SelfTestReport;
  /** Frees the model's memory; the classifier cannot be used afterwards. */
  dispose(): void;
}

const defaultTopK = 5;

/**
 * Loads an opened bundle into the WASM memory; the bundle is not kept.
 * `installWasmBackend` must have run, and the kernels the graph needs must be registered.
 * @throws {AppError} engine_unavailable without the WASM backend, unsupported_model when a kernel is missing
 */
export function createClassifier(bundle: Bundle, codec: ImageCodec): Classifier {
  const { manifest, classCentres } = bundle;
  const { memory } = bundle.graph;
  const graph = loadGraph(bundle);
  const { width, height } = manifest.input;
  const buffer = new Float32Array(width * height * 3);
  const needsEmbedding = manifest.unknown.rule === "feature-distance";

  function infer(nhwc: Float32Array, batch = 1, outputs: InferenceOutputs = {}): Inference {
    const wanted = batch * width * height * 3;
    if (!Number.isInteger(batch) || batch < 1 || nhwc.length !== wanted) {
      throw new AppError(
        "invalid_argument",
        `the input has ${nhwc.length} values, a batch of ${batch} takes ${wanted} ([batch, ${height}, ${width}, 3])`,
      );
    }
    return graph.run(nhwc, batch, outputs);
  }

  function inferImage(bytes: Uint8Array, outputs: InferenceOutputs): Inference {
    const { image } = codec.decode(bytes, manifest.input);
    return infer(normalize(image, manifest.input, buffer), 1, outputs);
  }

  function classify(bytes: Uint8Array, options: ClassifyOptions = {}): Classification {
    const { logits, embedding } = inferImage(bytes, { embedding: needsEmbedding });
    if (!logits.every(Number.isFinite)) {
      // else softmax would say so as if the caller were to blame
      throw new AppError(
        "internal",
        `model ${manifest.version} gave a logit that is not finite; roll it back`,
      );
    }
    const { temperature } = manifest;
    const probabilities = softmax(logits, temperature);
    const ranked = topK(probabilities, options.topK ?? defaultTopK);
    const evidence = {
      logits,
      probabilities,
      temperature,
      ...(embedding === undefined ? {} : { embedding }),
    };
    const unknown = isUnknown(manifest.unknown, evidence, classCentres);
    const [top] = ranked;
    const threshold = options.threshold ?? manifest.thresholds[top?.classIndex ?? 0] ?? 1;
    return {
      predictions: ranked.map((entry) => ({ label: manifest.labels[entry.classIndex] ?? "", ...entry })),
      unknown,
      recognized: !unknown && top !== undefined && top.probability >= threshold,
    };
  }

  return {
    manifest,
    memory,
    classify,
    infer,
    selfTest: (limit) => runSelfTest(manifest.golden, (bytes) => inferImage(bytes, {}).logits, limit),
    dispose: () => graph.dispose(),
  };
}
