import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import {
  importModel,
  type ImportedBundle,
  type ImportRequest,
} from "../../../trainer/import/import-model.ts";

export const threeLabels = "ant\nbee\ncat\n";

/** What an import takes, but for the file; the codec is loaded once. */
export function importRequest(file: Uint8Array, labels: string = threeLabels): ImportRequest {
  return {
    file,
    readFile: (path) => Promise.reject(new Error(`nothing lies beside it, not even ${path}`)),
    assumptions: { pixels: "-1..1", size: null },
    labelFile: new TextEncoder().encode(labels),
    model: "insects",
    licence: "Apache-2.0",
    provenance: {
      runId: "run-1",
      startedAt: "2026-01-31T23:59:59.000Z",
      dataset: null,
      datasetVersion: null,
      datasetDigest: null,
      importedFrom: { file: "insects.tflite", sha256: "0".repeat(64) },
      configDigest: "1".repeat(64),
      seed: 1,
      engine: "none",
      packages: { node: "22.0.0" },
      gitCommit: null,
    },
    codec,
    encodeJpeg,
    now: () => new Date("2026-02-01T00:00:00.000Z"),
  };
}

/** Imports a file with three classes. */
export async function importBytes(file: Uint8Array, labels?: string): Promise<ImportedBundle> {
  return importModel(importRequest(file, labels));
}

const codec = loadCodec();
const encodeJpeg = loadJpegEncoder();
