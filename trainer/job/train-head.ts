import { createHash } from "node:crypto";
import { join } from "node:path";
import { createDatasetEmbedder, type DatasetEmbedder } from "../backbones/dataset-embedder.ts";
import { releasableHead } from "../backbones/head-model.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import { imageCount } from "../data/image-set.ts";
import { type CrossValidation, crossValidateHead, dealFolds } from "../training/cross-validation.ts";
import { type EmbeddedImages, fitHead, type FittedHead, foldHoldOuts } from "../training/head.ts";
import type { LinearClassifier } from "../training/softmax-regression.ts";
import { decodeSplits } from "./decode-splits.ts";
import type { HeadPlan } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainedClassifier, TrainingImages, TrainingJob } from "./trained-classifier.ts";

const folds = 5;
/** Numbers in the features times classes up to which five more trainings take seconds. */
const mostCrossValidated = 5_000_000;

/**
 * Computes the features of all images once and fits a linear head on those of the train and validation splits.
 * @param opened of the plan; the result, or a failure, disposes of it
 * @throws interrupted when the signal aborted it; what was computed is kept
 */
export async function trainHead(
  job: TrainingJob,
  plan: HeadPlan,
  opened: OpenBackbone,
  reporter: Reporter,
): Promise<TrainedClassifier> {
  const { features, embedder } = opened;
  const images = await decodeSplits(job.dataset, features.input, job.times, reporter);
  const bar = reporter.progress("features");
  const source = createDatasetEmbedder(features, embedder, {
    dataset: job.dataset.manifest,
    cacheFolder: join(job.cacheRoot, "features"),
    signal: job.signal,
    onProgress: (done, total) => bar.update(done, total),
  });
  try {
    const embedded = await job.times.measure("features", source.computed, () =>
      embedFitted(images, source, plan, embedder.size),
    );
    bar.end();
    const head = await job.times.measure("head", embedded.labels.length, async () =>
      fitChosen(job, images, embedded),
    );
    const { backbone } = features;
    return {
      model: releasableHead(features, head.classifier, (set) => source.embed(set)),
      inputSpec: features.input,
      architecture: { name: backbone.name, head: "linear", size: plan.size },
      originLicence: backbone.licence,
      images,
      weightsSha256: hashHead(head.classifier),
      outcome:
        `fitted the head on ${embedded.labels.length} images, L2 ${head.l2} ` +
        `with validation ${head.validation.top1Accuracy.toFixed(3)}`,
      crossValidate: crossValidation(job, source, plan, embedder.size),
      dispose: () => embedder.dispose(),
    };
  } catch (error) {
    bar.end();
    embedder.dispose();
    throw error;
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

/** Train and validation images, in this order, in all views of the plan. */
async function embedFitted(
  { train, validation }: TrainingImages,
  source: DatasetEmbedder,
  { views }: HeadPlan,
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

/**
 * Over every image whose features are there once the release is done: nothing is chosen by the result, so that the test
 * split may take part.
 */
function crossValidation(
  { dataset }: TrainingJob,
  source: DatasetEmbedder,
  { views }: HeadPlan,
  size: number,
): (() => Promise<CrossValidation>) | null {
  const { images, labels } = dataset.manifest;
  // Mirrored views were made of the images that the head learns from.
  const taken = images.filter(({ split }) => views === 1 || split === "train" || split === "validation");
  if (taken.length * views * size * labels.length > mostCrossValidated) return null;
  return async () => {
    const paths = taken.map(({ path }) => path);
    const mirrored = views > 1 ? [await source.known(paths, "mirrored")] : [];
    const embedded: EmbeddedImages = {
      views: [await source.known(paths, "plain"), ...mirrored],
      labels: Int32Array.from(taken, ({ label }) => labels.indexOf(label)),
      size,
      classes: labels.length,
    };
    return crossValidateHead(embedded, dealFolds(taken, folds), folds);
  };
}

function hashHead({ weights, bias }: LinearClassifier): string {
  const hash = createHash("sha256");
  for (const values of [weights, bias]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
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
