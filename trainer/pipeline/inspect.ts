import type * as z from "zod/mini";
import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import { latestDataset } from "../data/dataset-store.ts";
import { type Champion, readChampion } from "./champion.ts";
import type { PipelineContext } from "./context.ts";
import type { inspectionSchema } from "./results.ts";

/** Whether there is something to train on. */
export type Inspection = z.infer<typeof inspectionSchema>;

/**
 * Compares the newest version of the dataset with what the champion was made from, by their manifests alone.
 * With too little that is new the champion is only measured again, and not even that unless the clock or a person asked:
 * every review, and every small upload, would else cost an instance.
 */
export async function inspect(context: PipelineContext, run: PipelineRun): Promise<Inspection> {
  const { settings, force, trigger } = run.request;
  const [dataset, champion] = await Promise.all([
    latestDataset(context.record, settings.dataset),
    readChampion(context.record, settings),
  ]);
  const images = dataset?.images ?? [];
  const newImages = images.filter(({ sha256 }) => champion?.seen.has(sha256) !== true).length;
  const found = {
    datasetVersion: dataset?.datasetVersion ?? null,
    images: images.length,
    newImages,
    champion: champion?.version ?? null,
  };
  const obstacle = whyNotTrain(dataset, champion, newImages, run);
  if (obstacle === null) {
    return { decision: "train", reason: force ? "forced" : `${newImages} new images`, ...found };
  }
  const wanted = trigger === "schedule" || trigger === "manual";
  const measurable = wanted && champion !== null && dataset !== null;
  return { decision: measurable ? "reevaluate" : "stop", reason: obstacle, ...found };
}

function whyNotTrain(
  dataset: DatasetManifest | null,
  champion: Champion | null,
  newImages: number,
  { request: { settings, force } }: PipelineRun,
): string | null {
  if (dataset === null) return `dataset ${settings.dataset} has no version; upload one`;
  const small = dataset.labels
    .map((label) => ({ label, count: dataset.images.filter((image) => image.label === label).length }))
    .find(({ count }) => count < settings.minimumClassImages);
  if (small !== undefined) {
    return `class ${small.label} has ${small.count} images, ${settings.minimumClassImages} are needed`;
  }
  if (force || champion === null || newImages >= settings.minimumNewImages) return null;
  return `${newImages} new images, ${settings.minimumNewImages} are needed`;
}
