import { createHash } from "node:crypto";
import type { DatasetEmbedder } from "../backbones/dataset-embedder.ts";
import { releasableHead } from "../backbones/head-model.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import { type CrossValidation, crossValidateHead, dealFolds } from "../training/cross-validation.ts";
import type { EmbeddedImages } from "../training/head.ts";
import type { LinearClassifier } from "../training/softmax-regression.ts";
import { decodeSplits } from "./decode-splits.ts";
import { fitFeatures, folds, mostCrossValidated } from "./fit-features.ts";
import type { HeadPlan } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainedClassifier, TrainingJob } from "./trained-classifier.ts";

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
  try {
    const images = await decodeSplits(job.dataset, features.input, job.times, reporter);
    const options = { views: plan.views, keepsValidation: false };
    const { source, head, learnt } = await fitFeatures(job, images, opened, options, reporter);
    const { backbone } = features;
    return {
      model: releasableHead(features, head.classifier, (set) => source.embed(set)),
      inputSpec: features.input,
      architecture: { name: backbone.name, head: "linear", size: plan.size },
      originLicence: backbone.licence,
      images,
      weightsSha256: hashHead(head.classifier),
      outcome:
        `fitted the head on ${learnt} images, L2 ${head.l2} ` +
        `with validation ${head.validation.top1Accuracy.toFixed(3)}`,
      crossValidate: crossValidation(job, source, plan, embedder.size),
      dispose: () => embedder.dispose(),
    };
  } catch (error) {
    embedder.dispose();
    throw error;
  }
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
