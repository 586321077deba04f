import { loadSplit } from "../data/image-loader.ts";
import { type ImageSet, imageCount, imagePixels } from "../data/image-set.ts";
import type { Embedder } from "../backbones/embedder.ts";
import type { FeatureGraph } from "../backbones/feature-graph.ts";
import type { Front } from "../backbones/front.ts";
import type { Cut } from "../backbones/graph-cut.ts";
import { softmax } from "../../shared/inference/softmax.ts";
import { classWeights } from "../training/class-weights.ts";
import { stream } from "../training/random.ts";
import { type LinearClassifier, linearLogits } from "../training/softmax-regression.ts";
import type { CutExamples } from "../training/tail-learner.ts";
import { drawView, renderView } from "../training/views.ts";
import type { FinetunePlan } from "./plan.ts";
import type { TrainingJob } from "./trained-classifier.ts";

/** A trained net that says of every view what it shows, and how sure it is. */
export interface Teacher {
  readonly embedder: Embedder;
  readonly head: LinearClassifier;
  /** Pixels of its square input. */
  readonly size: number;
}

/** What the examples of a tail are made with. */
export interface ExampleMakers {
  readonly features: FeatureGraph;
  readonly front: Front;
  readonly cut: Cut;
  readonly teacher: Teacher | null;
  /** Called as views are done. */
  readonly onView: (done: number, total: number) => void;
}

/** Pixels of a side of the images that views are cut from: no view is enlarged much, and all fit into memory. */
const sourceSize = 288;

/**
 * Looks at every training image in several views, once: what the cut gives for each, and what a net should answer,
 * which is its label and, in part, what the teacher answers.
 * @param train decoded by the input spec of the features; its images as they are come first
 */
export async function makeExamples(
  job: TrainingJob,
  plan: FinetunePlan,
  train: ImageSet,
  { features, front, cut, teacher, onView }: ExampleMakers,
): Promise<CutExamples> {
  const { input } = features;
  const source = { ...input, width: sourceSize, height: sourceSize, cropFraction: 1 };
  const sources = await loadSplit(job.dataset, "train", source);
  const seen =
    teacher === null ? null : await loadSplit(job.dataset, "train", { ...input, ...square(teacher.size) });
  const sha256Of = new Map(job.dataset.manifest.images.map(({ path, sha256 }) => [path, sha256]));
  const looks = plan.views + 1;
  const count = imageCount(train) * looks;
  const { classes } = train;
  const weightOf = classWeights(train.labels, classes);
  const targets = new Float32Array(count * classes);

  /** Pixels of one view at some size; the first view of an image is the image as it is served. */
  const pixels = (index: number, size: number, plain: ImageSet): Uint8Array => {
    const image = Math.floor(index / looks);
    const look = index % looks;
    if (look === 0) return imagePixels(plain, image);
    const name = `view/${sha256Of.get(train.paths[image] ?? "") ?? ""}/${look}`;
    const whole = { width: sourceSize, height: sourceSize, data: imagePixels(sources, image) };
    return renderView(whole, drawView(stream(plan.seed, name)), size);
  };

  const options = { signal: job.signal, onImage: (done: number) => onView(done, 2 * count) };
  const activations = await front.runAll((index) => pixels(index, input.width, train), count, options);
  for (let index = 0; index < count; index++) {
    const label = train.labels[Math.floor(index / looks)] ?? 0;
    const taught =
      teacher === null || seen === null
        ? null
        : await answerOf(teacher, pixels(index, teacher.size, seen), classes);
    const share = taught === null ? 0 : plan.teacherShare;
    for (let c = 0; c < classes; c++) {
      const truth = c === label ? 1 : 0;
      targets[index * classes + c] =
        (weightOf[label] ?? 1) * (share * (taught?.[c] ?? 0) + (1 - share) * truth);
    }
    onView(count + index + 1, 2 * count);
  }
  return { activations, shape: [cut.height, cut.width, cut.channels], targets, classes };
}

/** @returns `[classes]`, probabilities */
async function answerOf(
  { embedder, head, size }: Teacher,
  view: Uint8Array,
  classes: number,
): Promise<Float32Array> {
  const one: ImageSet = { ...square(size), images: view, labels: Int32Array.of(0), classes, paths: [""] };
  return softmax(linearLogits(head, await embedder.embed(one, [0], "plain")), 1);
}

function square(size: number): { readonly width: number; readonly height: number } {
  return { width: size, height: size };
}
