import { createHash } from "node:crypto";
import type { Metrics, ModelManifest } from "../../../shared/contract/manifest.ts";
import type { UnpublishedVersion } from "../../../trainer/release/publish.ts";

export const fixtureModel = "insects";

/** A version with a valid manifest whose files are anything; enough for whatever does not load the model. */
export function fixtureVersion(number: number): UnpublishedVersion {
  const files = ["model.json", "group1-shard1of1.bin", "card.md"].map((path) => ({
    path,
    bytes: new TextEncoder().encode(`${path} of version ${number}`),
  }));
  const labels = ["ant", "bee"];
  const metrics: Metrics = {
    images: 2,
    top1Accuracy: 1,
    macroF1: 1,
    expectedCalibrationError: 0,
    negativeLogLikelihood: 0,
    brierScore: 0,
    perClass: labels.map((label) => ({ label, images: 1, precision: 1, recall: 1, f1: 1 })),
  };
  const manifest: ModelManifest = {
    schemaVersion: 1,
    model: fixtureModel,
    version: `20260131T2359${String(number).padStart(2, "0")}Z-0a1b2c3d`,
    createdAt: "2026-02-01T00:00:00.000Z",
    labels,
    input: {
      width: 32,
      height: 32,
      fit: "cover-crop",
      cropFraction: 1,
      filter: "triangle",
      background: [0, 0, 0],
      denoise: "none",
      mean: [0, 0, 0],
      std: [1, 1, 1],
      codecSha256: "0".repeat(64),
    },
    architecture: { name: "fixture" },
    outputs: { logits: "logits" },
    quantization: { scheme: "none", tensors: {}, floatBytes: 0 },
    files: files.map(({ path, bytes }) => ({
      path,
      sha256: createHash("sha256").update(bytes).digest("hex"),
      bytes: bytes.length,
    })),
    temperature: 1,
    thresholds: [0, 0],
    unknown: { rule: "none" },
    metrics: {
      float: metrics,
      bundle: metrics,
      parity: { maxLogitDelta: 0, maxProbabilityDelta: 0, top1Agreement: 1 },
    },
    golden: { tolerance: 1, vectors: [{ name: "one", image: "AA==", logits: [0, 0] }] },
    provenance: {
      runId: "run-1",
      startedAt: "2026-01-31T23:59:00.000Z",
      dataset: "insects",
      datasetVersion: "0123456789abcdef",
      datasetDigest: "0".repeat(64),
      configDigest: "1".repeat(64),
      seed: 1,
      engine: "wasm",
      packages: {},
      gitCommit: null,
    },
    licence: "Apache-2.0",
    intendedUse: "Tests.",
  };
  return { manifest, files };
}
