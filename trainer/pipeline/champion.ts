import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { RetrainSettings } from "../../shared/contract/pipeline.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { readDatasetManifest } from "../data/dataset-store.ts";
import { readAlias } from "../release/alias.ts";
import { readVersionManifest } from "../release/version-check.ts";

/** The version that serves, and what it has seen. */
export interface Champion {
  readonly version: string;
  readonly manifest: ModelManifest;
  /** SHA-256 of every image of the dataset it was made from; empty when that is not in the store. */
  readonly seen: ReadonlySet<string>;
}

/** The champion of a model, `null` before the first one. @throws what reading it throws when it is damaged */
export async function readChampion(
  record: ObjectStore,
  { model, alias }: Pick<RetrainSettings, "model" | "alias">,
): Promise<Champion | null> {
  const stored = await readAlias(record, model, alias);
  if (stored === null) return null;
  const { version } = stored.record;
  const { manifest } = await readVersionManifest(record, model, version);
  const { dataset, datasetVersion } = manifest.provenance;
  const trained =
    dataset === null || datasetVersion === null
      ? null
      : await readDatasetManifest(record, dataset, datasetVersion);
  return { version, manifest, seen: new Set(trained?.images.map(({ sha256 }) => sha256)) };
}
