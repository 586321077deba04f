import { join } from "node:path";
import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { describeFaults } from "../audit/audit-manifest.ts";
import type { LabelledFile } from "../data/class-folders.ts";
import { fetchFeedback, type FeedbackSource } from "../data/feedback-files.ts";
import { sharesFor } from "../data/split.ts";
import { type IndexedDataset, indexDataset, type IndexOptions } from "../data/dataset-index.ts";
import { makeSampleDataset } from "../data/sample/make-sample-dataset.ts";
import { createPhaseProgress } from "../terminal/progress.ts";
import type { Reporter } from "./reporter.ts";

/** Which images a job takes. */
export interface DatasetRequest {
  /** A folder of class folders or an archive of one; absent: the drawn sample. */
  readonly data?: string | undefined;
  /** Most images to take, drawn fairly from every class. */
  readonly limit?: number | undefined;
  /** Share of the images that fit weights; 0.6 unless told. */
  readonly trainShare?: number | undefined;
  /** Share of the images that the report is of; half of what is not for training unless told. */
  readonly testShare?: number | undefined;
  /** What tells images of one source, which share a split; nothing unless told. */
  readonly groupBy?: string | undefined;
  /** Of the sample and of the draw. */
  readonly seed: number;
  /** Folder for what is drawn or unpacked, kept for the next time. */
  readonly cacheRoot: string;
  /** Where reviewed feedback to a model is, which is trained on too; absent: it is not. */
  readonly feedback?: FeedbackSource | undefined;
}

/** How many skipped files are named one by one. */
const namedSkips = 10;

/**
 * Takes or draws the dataset of a job and indexes it.
 * @throws not_found, invalid_archive, invalid_dataset; invalid_argument for the limit
 */
export async function openDataset(request: DatasetRequest, reporter: Reporter): Promise<IndexedDataset> {
  const { data, limit, seed, cacheRoot } = request;
  const path = data ?? (await drawSample(request, reporter));
  const dataset = await indexWithProgress(
    {
      path,
      cacheRoot,
      ...(data === undefined ? { name: "sample" } : {}),
      shares: sharesFor(request.trainShare, request.testShare),
      groupBy: request.groupBy,
      draw: limit === undefined ? undefined : { limit, seed },
      feedback: await openFeedback(request.feedback, cacheRoot),
    },
    reporter.progress,
  );
  describe(dataset.manifest, data ?? "drawn scenes", reporter);
  return dataset;
}

/** The files of reviewed feedback, `[]` where none is wanted. */
export async function openFeedback(
  source: FeedbackSource | undefined,
  cacheRoot: string,
): Promise<LabelledFile[]> {
  return source === undefined ? [] : fetchFeedback(source, join(cacheRoot, "feedback", source.model));
}

/** Indexes a dataset and shows how far it is; see {@link indexDataset}. */
export async function indexWithProgress(
  options: Omit<IndexOptions, "onProgress">,
  progress: Reporter["progress"],
): Promise<IndexedDataset> {
  const bars = createPhaseProgress(progress);
  try {
    return await indexDataset({ ...options, onProgress: bars.update });
  } finally {
    bars.end();
  }
}

/** Stores a dataset's manifest, the record of what a run was trained on; the images stay where they are. */
export async function recordDataset(store: ObjectStore, manifest: DatasetManifest): Promise<void> {
  const key = objectKeys.datasetManifest(manifest.dataset, manifest.datasetVersion);
  try {
    await store.put(key, new TextEncoder().encode(`${JSON.stringify(manifest)}\n`), { ifNoneMatch: "*" });
  } catch (error) {
    // The same images in the same splits were recorded before.
    if (!isAppError(error, "precondition_failed")) throw error;
  }
}

async function drawSample({ seed, cacheRoot }: DatasetRequest, reporter: Reporter): Promise<string> {
  const root = join(cacheRoot, `sample-${seed}`);
  const bar = reporter.progress("draw");
  try {
    await makeSampleDataset({ root, seed, onProgress: (done, total) => bar.update(done, total) });
  } finally {
    bar.end();
  }
  return root;
}

function describe(manifest: DatasetManifest, from: string, reporter: Reporter): void {
  const { images, labels, skipped } = manifest;
  const sizes = labels.map((label) => `${label} ${images.filter((image) => image.label === label).length}`);
  const shown = sizes.length <= 12 ? sizes.join(", ") : `${labels.length} classes`;
  reporter.say(`dataset: ${images.length} images from ${from} (${shown})`);
  if (manifest.groupBy !== undefined) reporter.say(describeSources(manifest));
  for (const { path, reason } of skipped.slice(0, namedSkips)) reporter.say(`skipped ${path}: ${reason}`);
  if (skipped.length > namedSkips) {
    reporter.say(`skipped ${skipped.length - namedSkips} more; edgewise dataset index lists them all`);
  }
  const faults = describeFaults(manifest);
  for (const fault of faults) reporter.say(`audit: ${fault}`);
  if (faults.length > 0)
    reporter.say("audit: edgewise dataset audit shows the pictures, and looks at the labels too");
}

/** How images were grouped, and what came of it, in a line. */
export function describeSources({ groupBy = "none", images }: DatasetManifest): string {
  const sourced = images.filter(({ source }) => source !== undefined);
  const sources = new Set(sourced.map(({ source }) => source)).size;
  return `grouped by ${groupBy}: ${sourced.length} of ${images.length} images are of ${sources} sources, each in one split`;
}
