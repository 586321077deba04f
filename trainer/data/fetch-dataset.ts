import { mkdir, stat, writeFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { DatasetImage, DatasetManifest } from "../../shared/contract/dataset.ts";
import type { ErrorCode } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { forEachAtOnce } from "./dataset-store.ts";
import type { IndexedDataset } from "./dataset-index.ts";
import { openDecodePool } from "./decode-pool.ts";
import type { FileRange } from "./file-tree.ts";

/** An image of a manifest that cannot be used. */
export interface ImageFault {
  readonly path: string;
  readonly code: ErrorCode;
  readonly reason: string;
}

/** A dataset on this machine's disk. */
export interface FetchedDataset extends IndexedDataset {
  /** Images of the manifest that are missing, damaged or unreadable; they are not among `manifest.images`. */
  readonly faults: readonly ImageFault[];
}

/** Options of {@link fetchDataset}. */
export interface FetchOptions {
  /** Folder that keeps the images for the next time. */
  readonly folder: string;
  /** Takes only these images. @default all */
  readonly wanted?: (image: DatasetImage) => boolean;
  readonly onImage?: (done: number, total: number) => void;
}

const concurrency = 16;

/**
 * Brings the images of a manifest from the store to disk; each is compared with its SHA-256 and decoded once.
 * What is on disk already is kept, so that an interrupted fetch goes on. Faulty images are left out and told.
 */
export async function fetchDataset(
  store: ObjectStore,
  manifest: DatasetManifest,
  options: FetchOptions,
): Promise<FetchedDataset> {
  const wanted = manifest.images.filter(options.wanted ?? (() => true));
  const faults = new Map<string, ImageFault>();
  const ranges = new Map<string, FileRange>();
  let done = 0;
  await forEachAtOnce(wanted, concurrency, async (image) => {
    const fetched = await fetchImage(store, manifest.dataset, image, options.folder);
    if ("reason" in fetched) faults.set(image.path, fetched);
    else ranges.set(image.path, fetched);
    done += 1;
    options.onImage?.(done, wanted.length);
  });
  for (const fault of await findUnreadable(ranges)) faults.set(fault.path, fault);
  const images = wanted.filter(({ path }) => !faults.has(path));
  return {
    manifest: { ...manifest, images, skipped: [...manifest.skipped, ...faults.values()] },
    ranges,
    faults: [...faults.values()],
  };
}

async function fetchImage(
  store: ObjectStore,
  dataset: string,
  image: DatasetImage,
  folder: string,
): Promise<FileRange | ImageFault> {
  // By digest, as labels may be anything and versions share images.
  const file = join(folder, image.sha256.slice(0, 2), image.sha256);
  const range = { file, offset: 0, bytes: image.bytes };
  const present = await stat(file).catch(() => null);
  if (present?.size === image.bytes) return range;
  const found = await store.get(objectKeys.datasetImage(dataset, image.sha256));
  if (found.kind !== "found") {
    return { path: image.path, code: "not_found", reason: "the store does not have it" };
  }
  if (found.bytes.length !== image.bytes || (await sha256Hex(found.bytes)) !== image.sha256) {
    return {
      path: image.path,
      code: "integrity_mismatch",
      reason: "its bytes are not those of the manifest",
    };
  }
  await mkdir(dirname(file), { recursive: true });
  // Under another name until it is whole; two that fetch the same image write the same bytes.
  const part = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  await writeFile(part, found.bytes);
  await rename(part, file);
  return range;
}

async function findUnreadable(ranges: ReadonlyMap<string, FileRange>): Promise<ImageFault[]> {
  const pool = openDecodePool();
  try {
    const inspected = await pool.inspect([...ranges.values()]);
    return [...ranges.keys()].flatMap((path, i): ImageFault[] => {
      const result = inspected[i];
      return result === undefined || result.kind === "image"
        ? []
        : [{ path, code: result.code, reason: result.reason }];
    });
  } finally {
    await pool.close();
  }
}
