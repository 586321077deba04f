import { AppError } from "../../shared/contract/errors.ts";
import type { EvaluatedManifest, ReleaseMetrics } from "../../shared/contract/manifest.ts";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { JpegEncoder } from "../../shared/image/encoder.ts";
import { imageCount, type ImageSet } from "../data/image-set.ts";
import type { Engine } from "../engine/engine.ts";
import { openInference } from "../engine/open-inference.ts";
import {
  calibrate,
  type Calibration,
  type CalibrationTargets,
  defaultCalibrationTargets,
} from "../evaluation/calibration.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { decodeImages, type LabelledImage } from "../evaluation/labelled-image.ts";
import { computeMetrics } from "../evaluation/metrics.ts";
import { probabilitiesOf } from "../evaluation/batch-inference.ts";
import { assembleBundle, type AssembledBundle, type BundleParts, type ModelDescription } from "./assemble.ts";
import { type Budget, defaultBudget } from "./budget.ts";
import { calibrateUnknown, type UnknownCalibration } from "./calibrate-unknown.ts";
import { checkCompilation } from "./check-compilation.ts";
import { comparePrecisions, type OnCompared, type PrecisionComparison } from "./compare-precisions.ts";
import { describeRelease, evaluationBytes, type MeasuredCandidate, schemeName } from "./describe-release.ts";
import { draftBundle, draftParts, type SharedParts } from "./draft-bundle.ts";
import { drawGoldenImages, type GoldenImage } from "./golden-images.ts";
import type { Provenance } from "./provenance.ts";
import type { UnpublishedVersion } from "./publish.ts";
import type { CandidateBuilder, CompiledModel, ReleasableModel } from "./releasable-model.ts";
import {
  type FloatReference,
  type TestSplit,
  type Verification,
  verifyBundle,
  withBundle,
} from "./verify.ts";

/** What a release is made from. */
export interface ReleaseInput {
  /** Trained; stays the caller's. */
  readonly model: ReleasableModel;
  /** The engine that the model's weights are on; active again afterwards. */
  readonly engine: Pick<Engine, "activate">;
  readonly codec: ImageCodec;
  readonly encodeJpeg: JpegEncoder;
  readonly description: ModelDescription;
  readonly provenance: Provenance;
  /** Sets temperature, thresholds and the rule for unknown; at least one image. */
  readonly calibration: ImageSet;
  /** Of the train or validation split; some of them correct the biases of quantised layers. */
  readonly correction: ImageSet;
  /** Of the train split; class centres are made of them. @default `correction` */
  readonly reference?: ImageSet;
  /** Read here only, and only once the model and its calibration are settled; at least one image. */
  readonly test: readonly LabelledImage[];
  readonly now: () => Date;
  readonly budget?: Budget;
  readonly targets?: CalibrationTargets;
  readonly onProgress?: (progress: ReleaseProgress) => void;
}

/** Where a release is. */
export interface ReleaseProgress {
  /** In this order; `verify` once for each candidate. */
  readonly step: "calibrate" | "compile" | "evaluate" | "verify" | "assemble";
  /** The candidate being verified. */
  readonly scheme?: string;
  /** Images done and of all, of `verify`. */
  readonly done?: number;
  readonly total?: number;
}

/** A verified bundle, ready for `publishVersion`. */
export interface Release extends UnpublishedVersion {
  readonly manifest: EvaluatedManifest;
  readonly version: string;
  /** Those tried, smallest first. */
  readonly candidates: readonly MeasuredCandidate[];
  /** What `evaluation.json` of the version says. */
  readonly evaluation: Evaluation;
  /** Bytes of the weights as stored. */
  readonly weightBytes: number;
  /** Bytes of the same weights in float32. */
  readonly floatBytes: number;
  /** Measures the larger candidates too, which takes a minute or so each; the model may be disposed of by then. */
  readonly comparePrecisions: (onCompared?: OnCompared) => Promise<PrecisionComparison>;
}

/**
 * Turns a trained model into a bundle: calibrates, compiles, evaluates the float model, then tries the ways to store
 * it, smallest first, each run through the Worker's own code, until one is within the budget.
 * Afterwards the engine is active again; no tensor is left behind.
 * @throws unsupported_model when the model cannot be compiled, budget_exceeded when even float32 loses too much,
 *   self_test_failed when the assembled bundle does not repeat its golden vectors
 */
export async function releaseModel(input: ReleaseInput): Promise<Release> {
  const { model, description, codec } = input;
  const report = input.onProgress ?? ((): void => undefined);
  checkSplits(input);
  checkClasses(input);

  report({ step: "calibrate" });
  const calibrationLogits = await model.logits(input.calibration);
  const calibration = calibrate(
    calibrationLogits,
    input.calibration.labels,
    description.labels.length,
    input.targets ?? defaultCalibrationTargets,
  );

  report({ step: "compile" });
  const compiled = await model.compile(input.correction);

  report({ step: "evaluate" });
  const test = {
    files: input.test,
    images: await decodeImages(input.test, codec, description.input, description.labels.length),
  };
  const float = await evaluateFloat(input, test, calibration);

  try {
    await openInference();
    const { provenance } = input;
    const { metrics } = float;
    const draft = {
      description,
      provenance,
      createdAt: input.now(),
      calibration,
      metrics,
      unknown: noUnknownRule,
    };
    const settled = { input, compiled, test, float, shared: draft };
    const unknown = await checkFloatBundle(settled, calibrationLogits);
    return await releaseSmallest({ ...settled, shared: { ...draft, unknown } });
  } finally {
    await input.engine.activate();
  }
}

const noUnknownRule: UnknownCalibration = { rule: { rule: "none" }, files: [], comparison: null };

interface Settled {
  readonly input: ReleaseInput;
  readonly shared: SharedParts;
  readonly compiled: CompiledModel;
  readonly test: TestSplit;
  readonly float: FloatReference;
}

/**
 * The float32 bundle must repeat the trained model before anything is blamed on quantisation.
 * @returns the rule for unknown, chosen by that bundle's outputs
 */
async function checkFloatBundle(
  { input, compiled, shared }: Settled,
  calibrationLogits: Float32Array,
): Promise<UnknownCalibration> {
  const parts = draftParts(shared, await compiled.float.build());
  const { unknownFraction } = input.targets ?? defaultCalibrationTargets;
  return withBundle(await assembleBundle(parts), input.codec, (classifier) => {
    checkCompilation(classifier, input.calibration, calibrationLogits);
    const reference = input.reference ?? input.correction;
    return calibrateUnknown(
      classifier,
      reference,
      input.calibration,
      shared.calibration.temperature,
      unknownFraction,
    );
  });
}

/** Tries the candidates in order of size and assembles the first that is within the budget. */
async function releaseSmallest(settled: Settled): Promise<Release> {
  const { input, compiled, shared, test, float } = settled;
  const images = drawGoldenImages(input.provenance.seed, input.encodeJpeg);
  const candidates: MeasuredCandidate[] = [];
  let chosen: TriedCandidate | undefined;
  for (const builder of compiled.candidates) {
    if (chosen !== undefined) break;
    const tried = await tryCandidate(settled, builder, images);
    candidates.push(tried.measured);
    if (tried.measured.shortfalls.length === 0) chosen = tried;
  }
  if (chosen === undefined) {
    throw new AppError(
      "budget_exceeded",
      `no bundle keeps what the float model can do: ${candidates.at(-1)?.shortfalls.join("; ")}; ` +
        "raise the budget only if such a loss is acceptable",
      { details: { candidates } },
    );
  }
  const { draft, measured } = chosen;
  const { weightBytes, floatBytes } = draft.candidate.model;
  input.onProgress?.({ step: "assemble", scheme: measured.scheme });
  const { labels } = input.description;
  const facts = { ...shared, labels, test, float, candidates, published: measured, floatBytes };
  const evaluation = describeRelease(facts);
  const bundle = await finishBundle(settled, draft, measured, evaluation);
  const { version } = bundle.manifest;
  const compare = comparison(settled, images, candidates, evaluation);
  return { ...bundle, version, candidates, evaluation, weightBytes, floatBytes, comparePrecisions: compare };
}

/** Takes along what a comparison needs, and no more: it may be made long after the training's images are done with. */
function comparison(
  settled: Settled,
  golden: readonly GoldenImage[],
  candidates: readonly MeasuredCandidate[],
  { precisions = [] }: Evaluation,
): Release["comparePrecisions"] {
  const { input, shared, compiled, float } = settled;
  const request = {
    shared,
    measured: precisions,
    milliseconds: new Map(candidates.map(({ scheme, latencyMs }) => [schemeName(scheme), latencyMs])),
    rest: compiled.candidates.slice(candidates.length),
    golden,
    test: input.test,
    probabilities: float.probabilities,
    codec: input.codec,
    engine: input.engine,
  };
  return comparePrecisions.bind(null, request);
}

interface TriedCandidate {
  readonly draft: BundleParts<ReleaseMetrics>;
  readonly measured: MeasuredCandidate;
}

/** Measures one candidate on the test images, run through the Worker's own code. */
async function tryCandidate(
  { input, shared, test, float }: Settled,
  { scheme, build }: CandidateBuilder,
  images: readonly GoldenImage[],
): Promise<TriedCandidate> {
  const candidate = await build();
  const draft = await draftBundle(shared, candidate, input.codec, images);
  const verification = await withBundle(await assembleBundle(draft), input.codec, (classifier) => {
    // settles which engine answers, here as in the Worker
    classifier.selfTest();
    return verifyBundle(classifier, test, float, input.budget ?? defaultBudget, (done, total) =>
      input.onProgress?.({ step: "verify", scheme, done, total }),
    );
  });
  return { draft, measured: { scheme, weightBytes: candidate.model.weightBytes, ...verification } };
}

/** Writes the final manifest and has the bundle prove itself. */
async function finishBundle(
  { input }: Settled,
  draft: BundleParts<ReleaseMetrics>,
  { metrics, parity }: Verification,
  evaluation: Evaluation,
): Promise<AssembledBundle<ReleaseMetrics>> {
  const bundle = await assembleBundle({
    ...draft,
    metrics: { ...draft.metrics, bundle: metrics, parity },
    files: [...(draft.files ?? []), evaluationBytes(evaluation)],
  });
  await withBundle(bundle, input.codec, (classifier) => classifier.selfTest());
  return bundle;
}

async function evaluateFloat(
  { model, description: { labels } }: ReleaseInput,
  test: TestSplit,
  calibration: Calibration,
): Promise<FloatReference> {
  const logits = await model.logits(test.images);
  const probabilities = probabilitiesOf(logits, labels.length, calibration.temperature);
  return { logits, probabilities, metrics: computeMetrics(probabilities, test.images.labels, labels) };
}

function checkClasses({ model, description }: ReleaseInput): void {
  if (model.classes === description.labels.length) return;
  throw new AppError(
    "unsupported_model",
    `the model gives ${model.classes} logits, there are ${description.labels.length} labels; ` +
      "train it on this dataset",
  );
}

function checkSplits(input: ReleaseInput): void {
  const sizes = {
    calibration: imageCount(input.calibration),
    correction: imageCount(input.correction),
    test: input.test.length,
  };
  const empty = Object.entries(sizes).find(([, size]) => size === 0);
  if (empty === undefined) return;
  throw new AppError(
    "invalid_dataset",
    `the ${empty[0]} split has no image, at least one is needed; add images or change the split fractions`,
  );
}
