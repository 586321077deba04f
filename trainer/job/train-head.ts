import { createHash } from "node:crypto";
import type { DatasetEmbedder } from "../backbones/dataset-embedder.ts";
import type { FeatureGraph } from "../backbones/feature-graph.ts";
import { releasableHead } from "../backbones/head-model.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import { smallestClass } from "../evaluation/few-images.ts";
import {
  affordableCrossValidation,
  crossValidateHead,
  dealFolds,
  folds,
} from "../training/cross-validation.ts";
import type { Way } from "../training/fit-cost.ts";
import type { EmbeddedImages } from "../training/fit-rows.ts";
import { openKnownClasses } from "../training/known-classes.ts";
import type { LinearClassifier } from "../training/softmax-regression.ts";
import { startPart } from "./deadline.ts";
import { fitDenoised } from "./fit-denoised.ts";
import type { Views } from "./fit-features.ts";
import { estimateReleaseMs, headShape, measuredFacts } from "./head-estimate.ts";
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
  const { embedder } = opened;
  try {
    const options = {
      views: viewsOf(plan),
      keepsValidation: false,
      shareOfTime: (startMs: number, toTry: number) => shareOfTime(job, embedder, startMs, toTry),
    };
    const fitted = await fitDenoised(job, plan.denoise, opened, options, reporter);
    const { features, images, source, head, learnt, note } = fitted;
    const { backbone } = features;
    return {
      model: releasableHead(features, head.classifier, (set) => source.embed(set)),
      inputSpec: features.input,
      architecture: { name: backbone.name, head: "linear", size: plan.size },
      origin: backbone,
      images,
      weightsSha256: hashHead(head.classifier),
      outcome:
        `fitted the head on ${learnt} images, L2 ${head.way.l2}${head.way.isDirected ? " along known classes" : ""}, ` +
        `with validation ${head.validation.top1Accuracy.toFixed(3)}${note}` +
        (head.tried < head.ways
          ? `; the time was enough for ${head.tried} of ${head.ways} ways to fit it`
          : ""),
      crossValidate: crossValidation(job, source, plan, features, head.way),
      dispose: () => embedder.dispose(),
    };
  } catch (error) {
    embedder.dispose();
    throw error;
  }
}

/** As it is, perhaps mirrored, and random ones, which are mirrored only where that is allowed. */
function viewsOf({ views, randomViews = 0, seed = 0 }: HeadPlan): Views {
  const way = views > 1 ? "either-way" : "upright";
  const random = Array.from({ length: randomViews }, (_, number) => `${way}/${seed}/${number}` as const);
  return ["plain", ...(views > 1 ? (["mirrored"] as const) : []), ...random];
}

/**
 * What a fit may take so that the release, and as many more heads as are to come, end within the budget: by how long
 * images took until now.
 * @param startMs when this head began
 */
function shareOfTime(
  { dataset, deadline, times }: TrainingJob,
  { imageMs: measuredMs }: OpenBackbone["embedder"],
  startMs: number,
  toTry: number,
): () => number {
  return startPart(deadline, () => {
    const leftMs = deadline.leftMs() - estimateReleaseMs(measuredFacts(dataset, times, measuredMs));
    return (leftMs - (toTry - 1) * (deadline.elapsedMs() - startMs)) / toTry;
  });
}

/**
 * Over every image whose features are there once the release is done: nothing is chosen by the result, so that the test
 * split may take part.
 */
function crossValidation(
  { dataset }: TrainingJob,
  source: DatasetEmbedder,
  plan: HeadPlan,
  features: FeatureGraph,
  way: Way,
): (() => Promise<CrossValidation>) | null {
  const { images, labels } = dataset.manifest;
  const [plain, ...changed] = viewsOf(plan);
  // Changed views were made of the images that the head learns from.
  const taken = images.filter(
    ({ split }) => changed.length === 0 || split === "train" || split === "validation",
  );
  const shape = headShape(taken.length * (1 + changed.length), features, labels.length);
  const affordable = affordableCrossValidation(shape, smallestClass(dataset.manifest).images);
  if (affordable === null) return null;
  return async () => {
    const paths = taken.map(({ path }) => path);
    const views: [Float32Array, ...Float32Array[]] = [await source.known(paths, plain)];
    for (const view of changed) views.push(await source.known(paths, view));
    const embedded: EmbeddedImages = {
      views,
      labels: Int32Array.from(taken, ({ label }) => labels.indexOf(label)),
      size: shape.size,
      classes: labels.length,
      known: features.known && openKnownClasses(features.known, views),
    };
    const foldOf = dealFolds(taken, folds);
    return crossValidateHead(embedded, foldOf, affordable === "once" ? way : undefined);
  };
}

function hashHead({ weights, bias }: LinearClassifier): string {
  const hash = createHash("sha256");
  for (const values of [weights, bias]) {
    hash.update(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  }
  return hash.digest("hex");
}
