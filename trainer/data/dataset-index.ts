import { basename, resolve } from "node:path";
import {
  datasetManifestSchema,
  type DatasetImage,
  type DatasetManifest,
  type Split,
} from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { nameSchema } from "../../shared/contract/names.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { compareKeys } from "../../shared/store/object-key.ts";
import { findClassFolders, type LabelledFile, type SkippedFile } from "./class-folders.ts";
import { datasetDigest } from "./dataset-digest.ts";
import type { InspectedFile } from "./decode-messages.ts";
import { openDecodePool, type DecodePool } from "./decode-pool.ts";
import { drawOrder, stratifiedQuota, type Draw } from "./draw-files.ts";
import { type FileRange, readRange } from "./file-tree.ts";
import { nameSources, needsMetadata, type SourcedFile } from "./find-sources.ts";
import { openFileTree } from "./open-file-tree.ts";
import { assignSplits, type SplitOptions } from "./split.ts";
import { admitTrainingOnly } from "./training-only.ts";

/** A dataset whose images are known and can be read. */
export interface IndexedDataset {
  readonly manifest: DatasetManifest;
  /** Where the bytes of each image lie, by its path. */
  readonly ranges: ReadonlyMap<string, FileRange>;
}

/** Options of {@link indexDataset}. */
export interface IndexOptions extends Pick<SplitOptions, "shares"> {
  /** A folder of class folders, or a `.zip`, `.tar` or `.tar.gz` of one. */
  readonly path: string;
  /** Folder that keeps what was unpacked. */
  readonly cacheRoot: string;
  /** Name of the dataset. @default made of the last part of `path` */
  readonly name?: string | undefined;
  /** Take only a sample of the images, drawn fairly from every class. */
  readonly draw?: Draw | undefined;
  /** An earlier index of the dataset: its images stay in their splits. */
  readonly previous?: DatasetManifest | undefined;
  /** What tells images of one source, which share a split; see `findSources`. @default as in `previous`, else none */
  readonly groupBy?: string | undefined;
  /** Reviewed images beside those of `path`: they are trained on and nothing else; see {@link admitTrainingOnly}. */
  readonly feedback?: readonly LabelledFile[] | undefined;
  /** Decoding threads. @default one a core, at most 4 */
  readonly threads?: number | undefined;
  /** Goes into the manifest. @default now */
  readonly createdAt?: Date | undefined;
  /** Called with bytes while unpacking, with files while indexing. */
  readonly onProgress?: ((phase: "unpack" | "index", done: number, total: number) => void) | undefined;
}

/**
 * Makes the manifest of a labelled folder or archive: decodes every image with the codec that serves, hashes it, and gives
 * it a split. Files that are no readable image are listed in `skipped`, with the reason.
 * @throws {AppError} not_found, invalid_archive; invalid_dataset for fewer than two classes, names that differ by case
 * only, a class without a readable image, or too few images for four splits; invalid_argument for the options
 */
export async function indexDataset(options: IndexOptions): Promise<IndexedDataset> {
  const { onProgress } = options;
  const groupBy = options.groupBy ?? options.previous?.groupBy ?? "none";
  const tree = await openFileTree(options.path, options.cacheRoot, (done, total) =>
    onProgress?.("unpack", done, total),
  );
  const found = findClassFolders(tree);
  checkEveryClassHasImages(found.labels, found.files, "file");
  const pool = openDecodePool(options.threads);
  try {
    const inspected = await inspectFiles(found.files, pool, { ...options, groupBy });
    checkEveryClassHasImages(found.labels, inspected.images, "readable image", [
      ...found.skipped,
      ...inspected.skipped,
    ]);
    const own = toDatasetImages(withSources(inspected.images, found.files, groupBy), options);
    const picked = await inspectFeedback(own, found.labels, pool, options.feedback ?? []);
    const images = [...own, ...picked.images.map((image) => toDatasetImage(image, "train"))];
    const skipped = [...found.skipped, ...inspected.skipped, ...picked.skipped];
    const manifest = toManifest({ ...options, groupBy }, found.labels, images, skipped);
    checkEverySplitHasImages(manifest);
    const ranges = new Map([...inspected.images, ...picked.images].map(({ path, range }) => [path, range]));
    return { manifest, ranges };
  } finally {
    await pool.close();
  }
}

/** Reads the encoded bytes of one image. @throws {AppError} not_found when it is no image of the dataset */
export async function readImage(dataset: IndexedDataset, path: string): Promise<Uint8Array> {
  const range = dataset.ranges.get(path);
  if (range !== undefined) return readRange(range);
  throw new AppError("not_found", `the dataset has no image ${path}; its manifest lists those it has`);
}

type InspectedImage = LabelledFile & Extract<InspectedFile, { kind: "image" }>;

interface InspectedFiles {
  readonly images: readonly InspectedImage[];
  readonly skipped: readonly SkippedFile[];
}

/** Inspects all files, or as many of a draw as it takes to find the images that were asked for. */
async function inspectFiles(
  files: readonly LabelledFile[],
  pool: DecodePool,
  { draw, groupBy = "none", onProgress }: IndexOptions,
): Promise<InspectedFiles> {
  const order = drawOrder(files, draw?.seed ?? 0);
  const sizes = new Map([...order].map(([label, ofLabel]) => [label, ofLabel.length]));
  const quota = draw === undefined ? sizes : stratifiedQuota(sizes, draw.limit);
  const total = [...quota.values()].reduce((sum, count) => sum + count, 0);
  const images: InspectedImage[] = [];
  const skipped: SkippedFile[] = [];
  const missing = new Map(quota);
  for (;;) {
    const batch = [...missing].flatMap(([label, count]) => order.get(label)?.splice(0, count) ?? []);
    if (batch.length === 0) break;
    const done = images.length;
    const results = await pool.inspect(
      batch.map((file) => file.range),
      (count) => onProgress?.("index", Math.min(done + count, total), total),
      needsMetadata(groupBy),
    );
    for (const [i, file] of batch.entries()) {
      const result = results[i];
      if (result?.kind === "image") {
        images.push({ ...file, ...result });
        missing.set(file.label, (missing.get(file.label) ?? 1) - 1);
      } else if (result !== undefined) {
        skipped.push({ path: file.path, code: result.code, reason: result.reason });
      }
    }
  }
  return { images: images.toSorted((a, b) => compareKeys(a.path, b.path)), skipped };
}

/** An image with what it is of one source with. */
type SourcedImage = InspectedImage & { readonly source?: string | undefined };

/** Tells the sources of images among all files, so that a draw of some leaves them as they are. */
function withSources(
  images: readonly InspectedImage[],
  files: readonly LabelledFile[],
  groupBy: string,
): SourcedImage[] {
  const read = new Map(images.map((image) => [image.path, image]));
  const names = nameSources(
    files.map((file): SourcedFile => read.get(file.path) ?? file),
    groupBy,
  );
  return images.map((image) => ({ ...image, source: names.get(image.path) }));
}

function toDatasetImages(images: readonly SourcedImage[], options: IndexOptions): DatasetImage[] {
  const previous =
    options.previous === undefined
      ? undefined
      : new Map(options.previous.images.map(({ sha256, split }) => [sha256, split]));
  const assigned = assignSplits(images, { shares: options.shares, previous });
  return images.map((image, i) => toDatasetImage(image, assigned[i] ?? "train"));
}

function toDatasetImage(image: SourcedImage, split: Split): DatasetImage {
  const { path, sha256, width, height, label, perceptualHash, source } = image;
  const described = { path, sha256, bytes: image.range.bytes, width, height, label, split, perceptualHash };
  return source === undefined ? described : { ...described, source };
}

/** Reviewed images that may be trained on; the others are skipped, with the reason. */
async function inspectFeedback(
  own: readonly DatasetImage[],
  labels: readonly string[],
  pool: DecodePool,
  files: readonly LabelledFile[],
): Promise<InspectedFiles> {
  const strange = files.filter(({ label }) => !labels.includes(label));
  const results = await pool.inspect(files.map(({ range }) => range));
  const images: InspectedImage[] = [];
  const skipped = strange.map(({ path, label }) => skippedFile(path, `the dataset has no class ${label}`));
  for (const [i, file] of files.entries()) {
    const result = results[i];
    if (strange.includes(file) || result === undefined) continue;
    if (result.kind === "image") images.push({ ...file, ...result });
    else skipped.push({ path: file.path, code: result.code, reason: result.reason });
  }
  const { admitted, refused } = admitTrainingOnly(own, images);
  return {
    images: admitted,
    skipped: [...skipped, ...refused.map(({ image, reason }) => skippedFile(image.path, reason))],
  };
}

function skippedFile(path: string, reason: string): SkippedFile {
  return { path, code: "invalid_dataset", reason };
}

function toManifest(
  options: IndexOptions,
  labels: readonly string[],
  images: readonly DatasetImage[],
  skipped: readonly SkippedFile[],
): DatasetManifest {
  const digest = datasetDigest(images);
  const manifest = {
    schemaVersion: 1,
    dataset: options.name ?? nameOfPath(options.path),
    datasetVersion: digest.slice(0, 16),
    digest,
    createdAt: (options.createdAt ?? new Date()).toISOString(),
    ...(options.groupBy === "none" ? {} : { groupBy: options.groupBy }),
    labels,
    images,
    skipped: skipped.toSorted((a, b) => compareKeys(a.path, b.path)),
  };
  return parseWith(datasetManifestSchema, manifest, `dataset ${options.path}`, "invalid_dataset");
}

/** A name made of the last part of a path: lower case, without endings of archives and odd characters. */
function nameOfPath(path: string): string {
  const stem = basename(resolve(path)).replace(/\.(zip|tar|tgz|tar\.gz)$/i, "");
  const name = stem
    .toLowerCase()
    .replaceAll(/[^a-z0-9._-]+/g, "-")
    .replace(/^[^a-z0-9]+/, "")
    .slice(0, 63);
  return nameSchema.safeParse(name).success ? name : "dataset";
}

function checkEveryClassHasImages(
  labels: readonly string[],
  files: readonly { readonly label: string }[],
  what: string,
  skipped: readonly SkippedFile[] = [],
): void {
  const present = new Set(files.map((file) => file.label));
  const empty = labels.filter((label) => !present.has(label));
  if (empty.length === 0) return;
  const [example] = skipped.filter((file) => empty.some((label) => file.path.includes(`${label}/`)));
  const because = example === undefined ? "" : ` (${example.path}: ${example.reason})`;
  throw new AppError(
    "invalid_dataset",
    `the class folder ${empty.join(", ")} has no ${what}${because}; put images there or remove the folder`,
    { details: { labels: empty } },
  );
}

function checkEverySplitHasImages(manifest: DatasetManifest): void {
  const counts = countBySplit(manifest);
  const trained = new Set(
    manifest.images.filter((image) => image.split === "train").map((image) => image.label),
  );
  const untrained = manifest.labels.filter((label) => !trained.has(label));
  if (Object.values(counts).every((count) => count > 0) && untrained.length === 0) return;
  const what =
    untrained.length > 0
      ? `no image to train ${untrained.join(", ")}`
      : `too few different images for four splits (${Object.entries(counts)
          .map(([split, count]) => `${split} ${count}`)
          .join(", ")})`;
  const needed =
    manifest.groupBy === undefined ? "images" : `sources, as images are grouped by ${manifest.groupBy},`;
  throw new AppError(
    "invalid_dataset",
    `the dataset has ${what}; have at least 4 different ${needed} in each class folder`,
    { details: { counts } },
  );
}

/** Number of images of each split. */
export function countBySplit(manifest: DatasetManifest): Record<DatasetImage["split"], number> {
  const counts = { train: 0, validation: 0, calibration: 0, test: 0 };
  for (const image of manifest.images) counts[image.split] += 1;
  return counts;
}
