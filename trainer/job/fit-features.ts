import { join } from "node:path";
import { createDatasetEmbedder, type DatasetEmbedder } from "../backbones/dataset-embedder.ts";
import type { View } from "../backbones/embedder.ts";
import type { FeatureGraph } from "../backbones/feature-graph.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import type { ImageSet } from "../data/image-set.ts";
import { dealFolds, folds } from "../training/cross-validation.ts";
import type { EmbeddedImages } from "../training/fit-rows.ts";
import { fitHead, type FittedHead, foldHoldOuts } from "../training/head.ts";
import { openKnownClasses } from "../training/known-classes.ts";
import { mostFolded } from "./head-estimate.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainingImages, TrainingJob } from "./trained-classifier.ts";

/** Ways to look at an image, as it is first. */
export type Views = readonly ["plain", ...View[]];

/** What a head learns from. */
export interface FitOptions {
  /** The images as they are, and what else is learnt from. */
  readonly views: Views;
  /** Whether the validation images are kept for something else that is to be chosen by them. */
  readonly keepsValidation: boolean;
  /**
   * Milliseconds that fitting may take, asked once the features are there and ever after; it settles for less then.
   * @default no limit
   */
  readonly leftMs?: () => number;
}

/** A head on the features of a backbone, and where they come from. */
export interface FittedFeatures {
  readonly source: DatasetEmbedder;
  readonly head: FittedHead;
  /** Images that it learnt from. */
  readonly learnt: number;
}

/**
 * Computes the features of the train and validation images, or takes them from the cache, and fits a head on them.
 * @param images decoded by the input spec of the backbone
 * @throws interrupted when the signal aborted it; what was computed is kept
 */
export async function fitFeatures(
  job: TrainingJob,
  images: TrainingImages,
  { features, embedder }: OpenBackbone,
  options: FitOptions,
  reporter: Reporter,
): Promise<FittedFeatures> {
  const bar = reporter.progress("features");
  const source = createDatasetEmbedder(features, embedder, {
    dataset: job.dataset.manifest,
    cacheFolder: join(job.cacheRoot, "features"),
    signal: job.signal,
    onProgress: (done, total) => bar.update(done, total),
  });
  try {
    const sets = options.keepsValidation ? [images.train] : [images.train, images.validation];
    const embedded = await job.times.measure("features", source.computed, () =>
      embedSets(sets, source, options.views, features),
    );
    const learnt = embedded.labels.length;
    const head = await job.times.measure("head", learnt, async () =>
      fitChosen(job, sets, embedded, options.leftMs),
    );
    return { source, head, learnt };
  } finally {
    bar.end();
  }
}

/** Chooses the penalty by folds where that takes seconds, else by every tenth image. */
function fitChosen(
  { dataset }: TrainingJob,
  sets: readonly ImageSet[],
  embedded: EmbeddedImages,
  leftMs?: () => number,
): FittedHead {
  const all = Array.from(embedded.labels.keys());
  const numbers = all.length * embedded.views.length * embedded.size * embedded.classes;
  if (numbers > mostFolded) {
    const train = all.filter((index) => index % 10 !== 0);
    const validation = all.filter((index) => index % 10 === 0);
    return fitHead(embedded, all, [{ train, validation }], leftMs);
  }
  const byPath = new Map(dataset.manifest.images.map((image) => [image.path, image]));
  const described = sets.flatMap(({ paths }) => paths).flatMap((path) => byPath.get(path) ?? []);
  const foldOf = dealFolds(described, folds);
  const numbered = Array.from({ length: folds }, (_, fold) => fold);
  const holdOuts = foldHoldOuts(all, (index) => foldOf[index] ?? 0, numbered);
  return fitHead(embedded, all, holdOuts, leftMs);
}

/** The images of all sets, in all views. */
async function embedSets(
  sets: readonly ImageSet[],
  source: DatasetEmbedder,
  views: Views,
  { embedding, known }: FeatureGraph,
): Promise<EmbeddedImages> {
  const embedAll = async (view: View): Promise<Float32Array> => {
    const rows: Float32Array[] = [];
    for (const set of sets) rows.push(await source.embed(set, view));
    return concatenate(rows);
  };
  const [plain, ...changed] = views;
  const rows: [Float32Array, ...Float32Array[]] = [await embedAll(plain)];
  for (const view of changed) rows.push(await embedAll(view));
  return {
    views: rows,
    labels: Int32Array.from(sets.flatMap(({ labels }) => [...labels])),
    size: embedding.size,
    classes: sets[0]?.classes ?? 0,
    known: known && openKnownClasses(known, rows),
  };
}

function concatenate(parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
