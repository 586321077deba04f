import type { Classification } from "../contract/classify.ts";
import type { ClassifyOptions } from "../contract/classify-request.ts";
import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import type { ImageCodec } from "../image/codec.ts";
import type { Bundle } from "./bundle.ts";
import { openClassActivation } from "./class-activation.ts";
import type { GraphMemory } from "./graph-check.ts";
import { chooseEngine, type EngineChoice } from "./engine-choice.ts";
import type { GraphEngine, Inference, InferenceOutputs } from "./loaded-graph.ts";
import { describeReading, explainReading, type ImageSize, readInference, type Reading } from "./reading.ts";
import type { SelfTestReport } from "./self-test.ts";

/** A loaded model: from the bytes of an image to its classes, the same in the trainer and the Worker. */
export interface Classifier {
  readonly manifest: ModelManifest;
  /** Estimated bytes of WASM memory. */
  readonly memory: GraphMemory;
  /** What computes the model: our kernels, or stock tfjs where they disagree or lack an operation. */
  readonly engine: GraphEngine;
  /**
   * Decodes and classifies one image.
   * @throws unsupported_media_type, invalid_image, image_too_large; invalid_argument for an explanation of a model that has none
   */
  classify(bytes: Uint8Array, options?: ClassifyOptions): Classification;
  /** Decodes one image and reads all of its classes. @throws unsupported_media_type, invalid_image, image_too_large */
  read(bytes: Uint8Array, options?: ClassifyOptions): Reading;
  /** Reads one image that is normalized. @param nhwc [1, height, width, 3] @throws invalid_argument */
  readInput(nhwc: Float32Array): Reading;
  /** Runs the graph on normalized images. @param nhwc [batch, height, width, 3] @throws invalid_argument */
  infer(nhwc: Float32Array, batch?: number, outputs?: InferenceOutputs): Inference;
  /**
   * Runs the first `limit` golden vectors, all unless told. The first time, our kernels must agree with what stock tfjs
   * gave when the model was published, else stock tfjs serves from then on.
   * @throws self_test_failed
   */
  selfTest(limit?: number): SelfTestReport;
  /** Frees the model's memory; the classifier cannot be used afterwards. */
  dispose(): void;
}

/**
 * Loads an opened bundle into the WASM memory; the bundle is kept until the first self-test.
 * `installWasmBackend` must have run, and the kernels the graph needs must be registered.
 * @param choice `stock` loads the model for tfjs's own kernels, the reference that ours are measured against
 * @throws {AppError} engine_unavailable without the WASM backend, unsupported_model when a kernel is missing or a
 * weight is not finite, budget_exceeded when the memory is full
 */
export function createClassifier(
  bundle: Bundle,
  codec: ImageCodec,
  choice: EngineChoice = "fastest",
): Classifier {
  const { manifest, classCentres } = bundle;
  const { memory } = bundle.graph;
  const chosen = chooseEngine(bundle, choice);
  const activation = openClassActivation(bundle);
  // One for all images: the garbage of 150 KB each would hold up every hundredth request for 20 ms.
  const pixels = new Uint8Array(manifest.input.width * manifest.input.height * 3);
  const needsEmbedding = manifest.unknown.rule === "feature-distance";

  function infer(nhwc: Float32Array, batch = 1, outputs: InferenceOutputs = {}): Inference {
    checkInput(manifest, nhwc, batch);
    return chosen.graph.run(nhwc, batch, outputs);
  }

  function inferImage(
    bytes: Uint8Array,
    outputs: InferenceOutputs,
  ): Inference & { readonly size: ImageSize } {
    const decoded = codec.decode(bytes, manifest.input, pixels);
    const inference = chosen.graph.runImage(decoded.image, outputs);
    return { ...inference, size: { width: decoded.width, height: decoded.height } };
  }

  function read(bytes: Uint8Array, options: ClassifyOptions = {}): Reading {
    const inference = inferImage(bytes, { embedding: needsEmbedding });
    return readInference(manifest, inference, classCentres, options.threshold);
  }

  function readInput(nhwc: Float32Array): Reading {
    const inference = infer(nhwc, 1, { embedding: needsEmbedding });
    return readInference(manifest, inference, classCentres, undefined);
  }

  function classify(bytes: Uint8Array, options: ClassifyOptions = {}): Classification {
    if (options.explain === undefined) return describeReading(manifest, read(bytes, options), options);
    if (activation === null) throw inexplicable(manifest, options.explain);
    const inference = inferImage(bytes, { embedding: needsEmbedding, featureMap: true });
    const reading = readInference(manifest, inference, classCentres, options.threshold);
    const { featureMap = new Float32Array(), size } = inference;
    const explanation = explainReading(manifest, reading, activation, featureMap, size);
    return { ...describeReading(manifest, reading, options), explanation };
  }

  return {
    manifest,
    memory,
    get engine() {
      return chosen.graph.engine;
    },
    classify,
    read,
    readInput,
    infer,
    selfTest: (limit) =>
      chosen.selfTest(
        (graph, image) => graph.runImage(codec.decode(image, manifest.input, pixels).image, {}).logits,
        limit,
      ),
    dispose: () => chosen.graph.dispose(),
  };
}

function inexplicable({ model, version }: ModelManifest, explain: string): AppError {
  return new AppError(
    "invalid_argument",
    `explain is ${explain}, ${model} ${version} has no class-activation map: ` +
      "its logits are no affine function of its mean features; ask without explain",
  );
}

function checkInput({ input }: ModelManifest, nhwc: Float32Array, batch: number): void {
  const { width, height } = input;
  const wanted = batch * width * height * 3;
  if (Number.isInteger(batch) && batch >= 1 && nhwc.length === wanted) return;
  throw new AppError(
    "invalid_argument",
    `the input has ${nhwc.length} values, a batch of ${batch} takes ${wanted} ([batch, ${height}, ${width}, 3])`,
  );
}
