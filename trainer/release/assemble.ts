import type { BundleFile, ModelManifest } from "../../shared/contract/manifest.ts";
import type { BundleSource } from "../../shared/inference/bundle.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { Calibration } from "../evaluation/calibration.ts";
import type { Graph } from "./graph-model.ts";
import type { FileBytes, ModelFiles } from "./model-files.ts";
import { type CardFacts, writeModelCard } from "./model-card.ts";
import { encodeManifest, type UnpublishedVersion } from "./publish.ts";
import { versionName } from "./version.ts";

/** What a release says of its model in words and settings. */
export type ModelDescription = Pick<
  ModelManifest,
  "model" | "labels" | "input" | "architecture" | "licence" | "intendedUse"
>;

/** A model as it is stored. */
export interface StoredModel {
  /** How its weights are stored, e.g. `uint8`. */
  readonly scheme: string;
  readonly graph: Pick<Graph, "outputs" | "activationGrids">;
  readonly model: ModelFiles;
}

/** Everything a bundle is made of; of an imported model there are no metrics. */
export interface BundleParts<M extends ModelManifest["metrics"]> {
  readonly description: ModelDescription;
  readonly provenance: ModelManifest["provenance"];
  readonly createdAt: Date;
  readonly candidate: StoredModel;
  readonly calibration: Calibration;
  readonly unknown: ModelManifest["unknown"];
  readonly metrics: M;
  readonly golden: ModelManifest["golden"];
  /** More files of the version: what the rule for unknown refers to, the evaluation. */
  readonly files?: readonly FileBytes[];
}

/** A bundle whose manifest has metrics of type `M`. */
export interface AssembledBundle<M extends ModelManifest["metrics"]> extends UnpublishedVersion {
  readonly manifest: ModelManifest & { readonly metrics: M };
}

/** Puts a bundle together: manifest, model.json, weight shards and card. */
export async function assembleBundle<M extends ModelManifest["metrics"]>(
  parts: BundleParts<M>,
): Promise<AssembledBundle<M>> {
  const { candidate, calibration } = parts;
  const facts: CardFacts & { readonly metrics: M } = {
    ...parts.description,
    version: await versionName(new Date(parts.provenance.startedAt), candidate.model.files),
    createdAt: parts.createdAt.toISOString(),
    outputs: candidate.graph.outputs,
    ...(candidate.graph.activationGrids === undefined
      ? {}
      : { activationGrids: candidate.graph.activationGrids }),
    quantization: {
      scheme: candidate.scheme,
      tensors: { ...candidate.model.tensors },
      floatBytes: candidate.model.floatBytes,
    },
    temperature: calibration.temperature,
    thresholds: [...calibration.thresholds],
    unknown: parts.unknown,
    metrics: parts.metrics,
    provenance: parts.provenance,
  };
  const card = {
    path: "card.md",
    bytes: new TextEncoder().encode(writeModelCard(facts, calibration.target)),
  };
  const files = [...candidate.model.files, card, ...(parts.files ?? [])];
  const listed = await Promise.all(files.map(describeFile));
  return { manifest: { schemaVersion: 1, ...facts, files: listed, golden: parts.golden }, files };
}

/** The bundle as the Worker's loader reads it. */
export function bundleSource(bundle: UnpublishedVersion): BundleSource {
  const bytesOf = new Map(bundle.files.map((file) => [file.path, file.bytes]));
  return {
    manifest: encodeManifest(bundle.manifest),
    readFile: async (path) => bytesOf.get(path) ?? new Uint8Array(),
  };
}

async function describeFile(file: FileBytes): Promise<BundleFile> {
  return { path: file.path, sha256: await sha256Hex(file.bytes), bytes: file.bytes.length };
}
