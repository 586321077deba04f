import { join } from "node:path";
import { createDatasetEmbedder, type DatasetEmbedder } from "../backbones/dataset-embedder.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import { imageCount } from "../data/image-set.ts";
import { dealFolds } from "../training/cross-validation.ts";
import { type EmbeddedImages, fitHead, type FittedHead, foldHoldOuts } from "../training/head.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainingImages, TrainingJob } from "./trained-classifier.ts";

/** Folds of cross-validation, and of the choice of a penalty. */
export const folds = 5;
/** Numbers in the features times classes up to which training several times takes seconds. */
export const mostCrossValidated = 5_000_000;

/** A head on the features of a backbone, and where they come from. */
export interface FittedFeatures {
  readonly source: DatasetEmbedder;
  readonly head: FittedHead;
  /** Images that it learnt from: those of train and validation. */
  readonly learnt: number;
}

/**
 * Computes the features of the train and validation images, or takes them from the cache, and fits a head on them.
 * @param images decoded by the input spec of the backbone
 * @param views 2 learns from mirrored images too
 * @throws interrupted when the signal aborted it; what was computed is kept
 */
export async function fitFeatures(
  job: TrainingJob,
  images: TrainingImages,
  { features, embedder }: OpenBackbone,
  views: number,
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
    const embedded = await job.times.measure("features", source.computed, () =>
      embedFitted(images, source, views, embedder.size),
    );
    const learnt = embedded.labels.length;
    const head = await job.times.measure("head", learnt, async () => fitChosen(job, images, embedded));
    return { source, head, learnt };
  } finally {
    bar.end();
  }
}

/** Chooses the penalty by folds where that takes seconds, else by the validation split. */
function fitChosen(
  { dataset }: TrainingJob,
  { train, validation }: TrainingImages,
  embedded: EmbeddedImages,
): FittedHead {
  const all = Array.from(embedded.labels.keys());
  const numbers = all.length * embedded.views.length * embedded.size * embedded.classes;
  if (numbers > mostCrossValidated) {
    const learnt = imageCount(train);
    return fitHead(embedded, all, [{ train: all.slice(0, learnt), validation: all.slice(learnt) }]);
  }
  const byPath = new Map(dataset.manifest.images.map((image) => [image.path, image]));
  const described = [...train.paths, ...validation.paths].flatMap((path) => byPath.get(path) ?? []);
  const foldOf = dealFolds(described, folds);
  const numbered = Array.from({ length: folds }, (_, fold) => fold);
  return fitHead(
    embedded,
    all,
    foldHoldOuts(all, (index) => foldOf[index] ?? 0, numbered),
  );
}

/** Train and validation images, in this order, in all views. */
async function embedFitted(
  { train, validation }: TrainingImages,
  source: DatasetEmbedder,
  views: number,
  size: number,
): Promise<EmbeddedImages> {
  const both = async (view: "plain" | "mirrored"): Promise<Float32Array> =>
    concatenate(await source.embed(train, view), await source.embed(validation, view));
  const mirrored = views > 1 ? [await both("mirrored")] : [];
  return {
    views: [await both("plain"), ...mirrored],
    labels: Int32Array.from([...train.labels, ...validation.labels]),
    size,
    classes: train.classes,
  };
}

function concatenate(...parts: readonly Float32Array[]): Float32Array {
  const whole = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    whole.set(part, offset);
    offset += part.length;
  }
  return whole;
}
