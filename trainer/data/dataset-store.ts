import { type DatasetManifest, datasetManifestSchema } from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { putOnce } from "../../shared/store/put-once.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { type IndexedDataset, readImage } from "./dataset-index.ts";

/** Objects that are on their way at once. */
const concurrency = 16;

/**
 * Puts the images of a dataset into a store and, after all of them, its manifest: whoever waits for the manifest finds
 * the whole dataset. Images that another version brought are not sent again.
 * @returns the manifest's key
 */
export async function uploadDataset(
  store: ObjectStore,
  dataset: IndexedDataset,
  onImage: (done: number, total: number) => void = () => undefined,
): Promise<string> {
  const { manifest } = dataset;
  let done = 0;
  await forEachAtOnce(manifest.images, concurrency, async (image) => {
    const key = objectKeys.datasetImage(manifest.dataset, image.sha256);
    if ((await store.head(key)) === null) {
      await putOnce(store, key, await readImage(dataset, image.path), image.sha256);
    }
    done += 1;
    onImage(done, manifest.images.length);
  });
  return writeDatasetManifest(store, manifest);
}

/** Writes the manifest of a dataset whose images are in the store. @returns its key */
export async function writeDatasetManifest(store: ObjectStore, manifest: DatasetManifest): Promise<string> {
  const key = objectKeys.datasetManifest(manifest.dataset, manifest.datasetVersion);
  const bytes = new TextEncoder().encode(`${JSON.stringify(manifest)}\n`);
  // An upload that was repeated has another `createdAt`; the first one stays.
  if ((await store.head(key)) === null) await putOnce(store, key, bytes, await sha256Hex(bytes));
  return key;
}

/** The manifest of one version of a dataset, `null` when there is none. @throws invalid_dataset */
export async function readDatasetManifest(
  store: ObjectStore,
  dataset: string,
  datasetVersion: string,
): Promise<DatasetManifest | null> {
  const key = objectKeys.datasetManifest(dataset, datasetVersion);
  const found = await store.get(key);
  if (found.kind !== "found") return null;
  const manifest = parseJsonWith(
    datasetManifestSchema,
    new TextDecoder().decode(found.bytes),
    `dataset manifest ${key}`,
    "invalid_dataset",
  );
  if (manifest.dataset === dataset && manifest.datasetVersion === datasetVersion) return manifest;
  throw new AppError(
    "invalid_dataset",
    `dataset manifest ${key} says it is version ${manifest.datasetVersion} of ${manifest.dataset}; upload the dataset again`,
  );
}

/** The manifest that was made last, `null` when the store has no version of the dataset. @throws invalid_dataset */
export async function latestDataset(store: ObjectStore, dataset: string): Promise<DatasetManifest | null> {
  let latest: DatasetManifest | null = null;
  const prefix = objectKeys.datasets(dataset);
  for await (const { key } of listAll(store, prefix)) {
    const [datasetVersion = "", file, ...rest] = key.slice(prefix.length).split("/");
    if (file !== "manifest.json" || rest.length > 0) continue;
    const manifest = await readDatasetManifest(store, dataset, datasetVersion);
    if (manifest !== null && (latest === null || manifest.createdAt > latest.createdAt)) latest = manifest;
  }
  return latest;
}

/** Runs `work` on every item, so many at once. @throws what the first failing one threw, after the others ended */
export async function forEachAtOnce<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const lanes = Array.from({ length: limit }, async () => {
    for (const item of queue) await work(item);
  });
  const failed = (await Promise.allSettled(lanes)).find((lane) => lane.status === "rejected");
  if (failed !== undefined) throw failed.reason;
}
