import type { LayersModel } from "@tensorflow/tfjs-layers";
import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import type { InputSpec } from "../../../shared/contract/input-spec.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { buildCandidate, type Candidate } from "../../../trainer/release/candidates.ts";
import { assembleBundle } from "../../../trainer/release/assemble.ts";
import { foldModel } from "../../../trainer/release/fold.ts";
import type { FoldedModel } from "../../../trainer/release/folded-model.ts";
import type { UnpublishedVersion } from "../../../trainer/release/publish.ts";
import { stream } from "../../../trainer/training/random.ts";

/** A net of one shape and one set of seeded weights, whichever process builds it. */
export interface MobileNetWorkload {
  /** Pixels of a side. */
  readonly size: number;
  readonly width: number;
  readonly classes: number;
}

/** MobileNet V1 as the trainer builds it, untrained: arithmetic does not mind. */
export function buildMobileNet(workload: MobileNetWorkload): LayersModel {
  return buildModel("mobilenet-v1", { ...workload, seed: 1 });
}

/** One normalised image, `[size, size, 3]`. */
export function drawInput({ size }: MobileNetWorkload): Float32Array {
  const random = stream(1, "bench/input");
  return Float32Array.from({ length: size * size * 3 }, () => 2 * random.uniform() - 1);
}

/** The net as a release compiles it, weights in float32: what every contender runs. */
export async function foldMobileNet(workload: MobileNetWorkload): Promise<FoldedModel> {
  const model = buildMobileNet(workload);
  const folded = await foldModel(model);
  model.dispose();
  return folded;
}

/** The fused GraphModel and its files. */
export async function compileMobileNet(workload: MobileNetWorkload): Promise<Candidate> {
  return buildCandidate("none", await foldMobileNet(workload), new Float32Array());
}

/** A bundle that the Worker's loader opens; what it says of training and quality is made up, as no one reads it. */
export async function bundleMobileNet(workload: MobileNetWorkload): Promise<UnpublishedVersion> {
  const labels = Array.from({ length: workload.classes }, (_, index) => `class ${index}`);
  const zeros = labels.map(() => 0);
  const metrics = {
    images: 0,
    top1Accuracy: 0,
    macroF1: 0,
    expectedCalibrationError: 0,
    negativeLogLikelihood: 0,
    brierScore: 0,
    perClass: [],
  };
  return assembleBundle({
    description: {
      model: "bench",
      labels,
      input: inputSpec(workload.size),
      architecture: { name: "mobilenet-v1", width: workload.width },
      licence: "Apache-2.0",
      intendedUse: "Measuring speed.",
    },
    provenance: {
      runId: "bench",
      startedAt: "2026-01-01T00:00:00.000Z",
      dataset: "none",
      datasetVersion: "none",
      datasetDigest: "0".repeat(64),
      configDigest: "0".repeat(64),
      seed: 1,
      engine: "wasm",
      packages: {},
      gitCommit: null,
    },
    createdAt: new Date(0),
    candidate: await compileMobileNet(workload),
    calibration: { temperature: 1, thresholds: zeros },
    unknown: { rule: "none" },
    metrics: {
      float: metrics,
      bundle: metrics,
      parity: { maxLogitDelta: 0, maxProbabilityDelta: 0, top1Agreement: 1 },
    },
    golden: { tolerance: 1, vectors: [{ name: "none", image: "AA==", logits: zeros }] },
  });
}

function inputSpec(size: number): InputSpec {
  return {
    width: size,
    height: size,
    fit: "cover-crop",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise: "none",
    mean: [0.5, 0.5, 0.5],
    std: [0.5, 0.5, 0.5],
    codecSha256,
  };
}
