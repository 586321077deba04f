import type * as z from "zod/mini";
import type { DatasetImage, DatasetManifest } from "../../shared/contract/dataset.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import {
  feedbackDay,
  type FeedbackRecord,
  imageEndings,
  parseFeedbackRecord,
} from "../../shared/contract/feedback.ts";
import { objectKeys, parseFeedbackKey } from "../../shared/contract/object-keys.ts";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import { listAll } from "../../shared/store/list-all.ts";
import { putOnce } from "../../shared/store/put-once.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { datasetDigest } from "../data/dataset-digest.ts";
import { latestDataset, writeDatasetManifest } from "../data/dataset-store.ts";
import { assignSplits } from "../data/split.ts";
import type { ReleaseContext } from "./context.ts";
import type { collectionSchema } from "./results.ts";

/** Reviewed images that one run takes in; the next one takes the rest. */
const mostAtOnce = 1000;

/** Like the trainer's own, without a test split: people chose these images, a fair draw they are not. */
const shares = { train: 0.75, validation: 0.125, calibration: 0.125, test: 0 } as const;

/** A small picture: only the size and the soundness of the file are asked for. */
const inspection: PixelSpec = {
  width: 32,
  height: 32,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [0, 0, 0],
  denoise: "none",
};

/**
 * Makes a new version of the dataset of it and the feedback that a person has accepted since: images and a label that the
 * dataset knows. None of them, and none that looks like one of the test split, becomes a test image.
 */
export async function collect(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof collectionSchema>> {
  const { settings } = run.request;
  const dataset = await latestDataset(context.record, settings.dataset);
  if (dataset === null) return { added: 0, datasetVersion: null };
  const known = new Set(dataset.images.map(({ sha256 }) => sha256));
  const images: DatasetImage[] = [];
  for await (const record of acceptedFeedback(context, settings.model)) {
    if (images.length >= mostAtOnce) break;
    const image = await takeImage(context, dataset, record, known);
    if (image === null) continue;
    known.add(image.sha256);
    images.push(image);
  }
  const added = placeImages(dataset, images);
  if (added.length === 0) return { added: 0, datasetVersion: dataset.datasetVersion };
  const all = [...dataset.images, ...added];
  const digest = datasetDigest(all);
  const datasetVersion = digest.slice(0, 16);
  await writeDatasetManifest(context.record, {
    ...dataset,
    images: all,
    digest,
    datasetVersion,
    createdAt: context.now().toISOString(),
  });
  return { added: added.length, datasetVersion };
}

/** What a person has accepted, with an image and a label. */
async function* acceptedFeedback(context: ReleaseContext, model: string): AsyncGenerator<FeedbackRecord> {
  for await (const { key } of listAll(context.serving, objectKeys.feedback(model))) {
    if (parseFeedbackKey(key) === null) continue;
    const found = await context.serving.get(key);
    if (found.kind !== "found") continue;
    const record = readRecord(found.bytes, key);
    if (record?.status === "accepted") yield record;
  }
}

function readRecord(bytes: Uint8Array, key: string): FeedbackRecord | null {
  try {
    return parseFeedbackRecord(bytes, `feedback ${key}`);
  } catch (error) {
    // One that is damaged must not keep the others back.
    if (isAppError(error, "invalid_manifest")) return null;
    throw error;
  }
}

/** Brings the image of a record into the dataset's folder; `null` where it cannot be learned from. */
async function takeImage(
  context: ReleaseContext,
  { dataset, labels }: DatasetManifest,
  { id, model, label, image }: FeedbackRecord,
  known: ReadonlySet<string>,
): Promise<DatasetImage | null> {
  if (image === null || label === null || !labels.includes(label) || known.has(image.sha256)) return null;
  const ending = imageEndings[image.format];
  const key = objectKeys.feedbackImage(model, feedbackDay(id), id, ending);
  const found = await context.serving.get(key);
  if (found.kind !== "found" || (await sha256Hex(found.bytes)) !== image.sha256) return null;
  const size = sizeOf(context, found.bytes);
  if (size === null) return null;
  await putOnce(context.record, objectKeys.datasetImage(dataset, image.sha256), found.bytes, image.sha256);
  const { sha256, bytes, perceptualHash } = image;
  return {
    path: `${label}/feedback-${id}.${ending}`,
    label,
    sha256,
    bytes,
    perceptualHash,
    split: "train",
    ...size,
  };
}

function sizeOf(
  context: ReleaseContext,
  bytes: Uint8Array,
): { readonly width: number; readonly height: number } | null {
  try {
    const { width, height } = context.codec().decode(bytes, inspection);
    return { width, height };
  } catch (error) {
    if (isAppError(error)) return null;
    throw error;
  }
}

/** Gives new images their splits beside the old ones, which stay; those that look like a test image are left out. */
function placeImages(dataset: DatasetManifest, images: readonly DatasetImage[]): DatasetImage[] {
  const previous = new Map(dataset.images.map(({ sha256, split }) => [sha256, split]));
  const all = [...dataset.images, ...images].map((image) => ({ ...image, givenSplit: null }));
  const splits = assignSplits(all, { shares, previous });
  return images.flatMap((image, i): DatasetImage[] => {
    const split = splits[dataset.images.length + i] ?? "train";
    return split === "test" ? [] : [{ ...image, split }];
  });
}
