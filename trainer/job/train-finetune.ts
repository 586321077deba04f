import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { type FeatureGraph, replaceWeights } from "../backbones/feature-graph.ts";
import { type Front, openFront, shapesOf } from "../backbones/front.ts";
import { findCut, type Cut } from "../backbones/graph-cut.ts";
import { createTail, type GraphTail } from "../backbones/graph-tail.ts";
import { releasableHead } from "../backbones/head-model.ts";
import { type OpenBackbone, openBackbone } from "../backbones/open-backbone.ts";
import { backboneOf } from "../backbones/registry.ts";
import { type ImageSet, imageCount, imagePixels } from "../data/image-set.ts";
import { runTraining } from "../training/run-training.ts";
import { createTailLearner, type TailLearner } from "../training/tail-learner.ts";
import type { TrainingResult } from "../training/training-request.ts";
import type { Validation } from "../training/validate.ts";
import { floats } from "../training/weights.ts";
import { makeExamples, type Teacher } from "./finetune-examples.ts";
import { startPart } from "./deadline.ts";
import { type DenoisedOptions, fitDenoised } from "./fit-denoised.ts";
import { estimateReleaseMs, measuredFacts } from "./head-estimate.ts";
import { openMetricsLog } from "./metrics-log.ts";
import type { FinetunePlan } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import { trainHead } from "./train-head.ts";
import type { TrainedClassifier, TrainingImages, TrainingJob } from "./trained-classifier.ts";

/** The validation images choose between epochs, and between the tuned net and the one it began as. */
const fromTrain = { views: ["plain"], keepsValidation: true } as const;
/** Of the time of a job, what its release takes at least. */
const releaseShare = 0.15;
/** Of the time that is left, what fitting a head to begin with, or a teacher's, may take. */
const headShare = 0.15;

/**
 * Trains the last layers of a backbone together with a head, on views of the training images that the layers before
 * them have seen once; a larger backbone may tell it what each view shows.
 * @param opened of the plan; the result, or a failure, disposes of it
 * Where that does not lower the loss on the validation images, the backbone stays as it is and gets a head alone.
 * @throws interrupted when the signal aborted it: the same run can be continued
 */
export async function trainFinetune(
  job: TrainingJob,
  plan: FinetunePlan,
  opened: OpenBackbone,
  reporter: Reporter,
): Promise<TrainedClassifier> {
  const { embedder } = opened;
  const disposals: (() => void)[] = [() => embedder.dispose()];
  const dispose = (): void => disposals.splice(0).forEach((free) => free());
  try {
    const start = await fitDenoised(job, plan.denoise, opened, shortFit(job), reporter);
    const { features, images, note } = start;
    const settled = { ...plan, denoise: features.input.denoise };
    const cut = findCut(features, await shapesOf(features));
    const front = await openFront(features, cut);
    disposals.push(() => front.dispose());
    const examples = await prepare(job, settled, images, { features, front, cut }, reporter);
    const validation = await runFront(job, front, images.validation);
    await job.engine.activate();
    const tail = createTail(features, cut);
    disposals.push(() => tail.dispose());
    const learner = createTailLearner(
      tail,
      start.head.classifier,
      examples,
      { activations: validation, labels: images.validation.labels },
      { engine: job.engine, weightDecay: plan.weightDecay, tailRate: plan.tailRate, settings: plan },
    );
    disposals.push(() => learner.dispose());
    const before = learner.validate();
    const result = await tune(job, plan, learner, embedder.imageMs, reporter);
    if (result.validation === null || result.validation.loss >= before.loss) {
      // the embedder, which came first, is still needed
      disposals.splice(1).forEach((free) => free());
      return await keepHead(job, settled, opened, { before, tuned: result.validation, note }, reporter);
    }
    return {
      model: releasableHead(replaceWeights(features, tail.values()), learner.head(), (set) =>
        embedTuned(job, { front, tail, cut }, set),
      ),
      inputSpec: features.input,
      architecture: { name: features.backbone.name, head: "linear", size: plan.size, tuned: cut.node },
      origin: features.backbone,
      images,
      weightsSha256: result.weightsSha256,
      outcome: `${describe(result, examples.targets.length / examples.classes)}${note}`,
      crossValidate: null,
      dispose,
    };
  } catch (error) {
    dispose();
    throw error;
  }
}

function shortFit({ deadline }: TrainingJob): DenoisedOptions {
  return {
    ...fromTrain,
    shareOfTime: (_, toTry) => startPart(deadline, () => (headShare * deadline.leftMs()) / toTry),
  };
}

/** Why a backbone stays as it was. */
interface KeptFor {
  readonly before: Validation;
  readonly tuned: Validation | null;
  /** Of {@link fitDenoised}. */
  readonly note: string;
}

/** What {@link trainHead} makes of the same backbone. */
async function keepHead(
  job: TrainingJob,
  { backbone, backboneSha256, size, denoise }: FinetunePlan,
  opened: OpenBackbone,
  { before, tuned, note }: KeptFor,
  reporter: Reporter,
): Promise<TrainedClassifier> {
  const plan = { mode: "head", backbone, backboneSha256, size, views: 1, denoise } as const;
  const trained = await trainHead(job, plan, opened, reporter);
  const losses = `${before.loss.toFixed(3)} before, ${tuned?.loss.toFixed(3) ?? "unknown"} after`;
  return {
    ...trained,
    outcome: `tuning the last layers did not help (validation loss ${losses}); ${trained.outcome}${note}`,
  };
}

/** Opens the teacher, makes the examples, and lets the teacher go. */
async function prepare(
  job: TrainingJob,
  plan: FinetunePlan,
  images: TrainingImages,
  net: { readonly features: FeatureGraph; readonly front: Front; readonly cut: Cut },
  reporter: Reporter,
): Promise<ReturnType<typeof makeExamples>> {
  const teacher = await openTeacher(job, plan, reporter);
  const bar = reporter.progress("views");
  const views = imageCount(images.train) * (plan.views + 1);
  try {
    return await job.times.measure("views", views, () =>
      makeExamples(job, plan, images.train, {
        ...net,
        teacher,
        onView: (done, total) => bar.update(done, total),
      }),
    );
  } finally {
    bar.end();
    teacher?.embedder.dispose();
  }
}

async function openTeacher(
  job: TrainingJob,
  plan: FinetunePlan,
  reporter: Reporter,
): Promise<Teacher | null> {
  if (plan.teacher === null) return null;
  const opened = await openBackbone(backboneOf(plan.teacher), { signal: job.signal });
  const { features, embedder } = opened;
  const { head } = await fitDenoised(job, plan.denoise, opened, shortFit(job), reporter);
  reporter.say(`the teacher ${plan.teacher} has ${head.validation.top1Accuracy.toFixed(3)} on validation`);
  return { embedder, head: head.classifier, size: features.input.width };
}

async function tune(
  { dataset, store, runId, signal, deadline, times }: TrainingJob,
  plan: FinetunePlan,
  learner: TailLearner,
  imageMs: number,
  reporter: Reporter,
): Promise<TrainingResult> {
  const metrics = await openMetricsLog(store, runId);
  const bar = reporter.progress("tune");
  const releaseMs = Math.max(
    estimateReleaseMs(measuredFacts(dataset, times, imageMs)),
    (deadline.budgetMs ?? 0) * releaseShare,
  );
  let visits = 0;
  try {
    const result = await times.measure(
      "tune",
      () => visits,
      async () => {
        const tuned = await runTraining(learner, {
          config: { ...plan, warmupSteps: 10, schedule: "cosine", patience: plan.epochs },
          store,
          runId,
          signal,
          isOutOfTime: () => deadline.leftMs() < releaseMs,
          onProgress: ({ step, totalSteps, epoch, loss }) =>
            bar.update(step, totalSteps, `epoch ${epoch + 1} loss ${loss.toFixed(3)}`),
          onMetrics: metrics.append,
        });
        visits = tuned.steps * plan.batchSize;
        return tuned;
      },
    );
    await metrics.flush();
    if (result.outcome !== "aborted") return result;
  } finally {
    bar.end();
  }
  throw new AppError(
    "interrupted",
    `training was interrupted; its checkpoint is kept, add --run ${runId} to go on`,
  );
}

/** The features of the tuned net, its last layers computed as they were trained. */
async function embedTuned(
  job: TrainingJob,
  { front, tail, cut }: { readonly front: Front; readonly tail: GraphTail; readonly cut: Cut },
  set: ImageSet,
): Promise<Float32Array> {
  const length = cut.height * cut.width * cut.channels;
  const activations = await runFront(job, front, set);
  const rows = Array.from(set.labels, (_, index) => {
    const one = activations.subarray(index * length, (index + 1) * length);
    const shape: [number, number, number, number] = [1, cut.height, cut.width, cut.channels];
    return tf.tidy(() => floats(tail.forward(tf.tensor4d(one, shape))).slice());
  });
  const embeddings = new Float32Array(rows.length * (rows[0]?.length ?? 0));
  for (const [index, row] of rows.entries()) embeddings.set(row, index * row.length);
  return embeddings;
}

function runFront({ signal }: TrainingJob, front: Front, set: ImageSet): Promise<Float32Array> {
  const options = { signal, onImage: () => undefined };
  return front.runAll((index) => imagePixels(set, index), imageCount(set), options);
}

function describe({ epochs, steps, validation, bestEpoch }: TrainingResult, examples: number): string {
  const best = bestEpoch === null ? "" : `, best epoch ${bestEpoch + 1}`;
  const accuracy = validation === null ? "" : ` with validation ${validation.top1Accuracy.toFixed(3)}`;
  return `tuned the last layers on ${examples} views, ${epochs} epochs, ${steps} steps${best}${accuracy}`;
}
