import { io } from "@tensorflow/tfjs-core";
import type { LayersModel } from "@tensorflow/tfjs-layers";
import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import type { ModelManifest } from "../../../shared/contract/manifest.ts";
import type { InputSpec } from "../../../shared/contract/input-spec.ts";
import { convertNet } from "../../../trainer/import/tfjs/convert-net.ts";
import { readLayersModel } from "../../../trainer/import/tfjs/read-layers-model.ts";
import { readStoredWeights } from "../../../trainer/import/tfjs/stored-weights.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { buildCandidate } from "../../../trainer/release/candidates.ts";
import { assembleBundle, type StoredModel } from "../../../trainer/release/assemble.ts";
import { foldModel } from "../../../trainer/release/fold.ts";
import { writeModelFiles } from "../../../trainer/release/model-files.ts";
import type { UnpublishedVersion } from "../../../trainer/release/publish.ts";
import { stream } from "../../../trainer/training/random.ts";
import { inIntegers } from "./integer-mobilenet.ts";
import { buildMobileNetV2 } from "./mobilenet-v2.ts";

/** A net of one shape and one set of seeded weights, whichever process builds it. */
export interface MobileNetWorkload {
  /** 1 unless told. */
  readonly version?: 1 | 2;
  /** Pixels of a side. */
  readonly size: number;
  readonly width: number;
  readonly classes: number;
  /** How the weights of the layers are stored, and whether they are computed in integers; `none` unless told. */
  readonly storage?: "none" | "uint8" | "integers";
}

/** The net untrained, as arithmetic does not mind: V1 as the trainer builds it, V2 as Keras does. */
export function buildMobileNet(workload: MobileNetWorkload): LayersModel {
  if (workload.version === 2) return buildMobileNetV2(workload);
  return buildModel("mobilenet-v1", { ...workload, seed: 1 });
}

/** One normalised image, `[size, size, 3]`. */
export function drawInput({ size }: MobileNetWorkload): Float32Array {
  const random = stream(1, "bench/input");
  return Float32Array.from({ length: size * size * 3 }, () => 2 * random.uniform() - 1);
}

/** The fused GraphModel and its files, as a release compiles V1 and as the import compiles V2: what every contender runs. */
export async function compileMobileNet(workload: MobileNetWorkload): Promise<StoredModel> {
  const { storage = "none" } = workload;
  const model = buildMobileNet(workload);
  try {
    const graph =
      workload.version === 2
        ? convertNet(await readNet(model)).graph
        : (await buildCandidate("none", await foldModel(model), new Float32Array())).graph;
    // an import settles how weights are stored
    const weights = graph.weights.map(({ name, shape, type, values, role, layer }) => ({
      name,
      shape,
      type,
      values,
      role,
      layer,
    }));
    if (storage === "integers") {
      const integers = inIntegers({ ...graph, weights });
      return { scheme: storage, graph: integers, model: writeModelFiles(integers, () => "none") };
    }
    const files = writeModelFiles({ ...graph, weights }, ({ role }) =>
      role === "kernel" ? storage : "none",
    );
    return { scheme: storage, graph, model: files };
  } finally {
    model.dispose();
  }
}

/** The net as the import reads it, by way of what `save` writes. */
async function readNet(model: LayersModel): Promise<ReturnType<typeof readLayersModel>> {
  let saved: io.ModelArtifacts = {};
  await model.save(
    io.withSaveHandler((artifacts) => {
      saved = artifacts;
      return Promise.resolve({ modelArtifactsInfo: io.getModelArtifactsInfoForJSON(artifacts) });
    }),
  );
  const bytes = new Uint8Array(io.CompositeArrayBuffer.join(saved.weightData));
  // what tfjs just wrote is a weights manifest
  const manifest = [{ paths: ["weights"], weights: saved.weightSpecs }] as Parameters<
    typeof readStoredWeights
  >[0];
  return readLayersModel(
    saved.modelTopology,
    await readStoredWeights(manifest, () => Promise.resolve(bytes)),
  );
}

/**
 * A bundle that the Worker's loader opens; what it says of training and quality is made up, as no one reads it.
 * @param golden what a Worker is to check; a vector that no test runs unless given
 */
export async function bundleMobileNet(
  workload: MobileNetWorkload,
  golden?: ModelManifest["golden"],
): Promise<UnpublishedVersion> {
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
      model: "default",
      labels,
      input: inputSpec(workload),
      architecture: { name: `mobilenet-v${workload.version ?? 1}`, width: workload.width },
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
    golden: golden ?? { tolerance: 1, vectors: [{ name: "none", image: "AA==", logits: zeros }] },
  });
}

function inputSpec({ size, storage }: MobileNetWorkload): InputSpec {
  // on a grid, a byte of a pixel means 0
  const middle = storage === "integers" ? 128 / 255 : 0.5;
  return {
    width: size,
    height: size,
    fit: "cover-crop",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise: "none",
    mean: [middle, middle, middle],
    std: [middle, middle, middle],
    codecSha256,
  };
}
