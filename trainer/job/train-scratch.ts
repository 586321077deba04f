import { AppError } from "../../shared/contract/errors.ts";
import { imageCount } from "../data/image-set.ts";
import { buildModel } from "../model/build-model.ts";
import { releasableLayers } from "../release/layers-model.ts";
import { trainModel } from "../training/train-model.ts";
import type { TrainingRequest, TrainingResult } from "../training/training-request.ts";
import { decodeSplits } from "./decode-splits.ts";
import { inputSpecFor, pixelSpec } from "../training/input-spec.ts";
import { openMetricsLog } from "./metrics-log.ts";
import type { ScratchPlan } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainedClassifier, TrainingJob } from "./trained-classifier.ts";

/** Of the time of a job, what its release takes at most: a training that runs longer than planned ends for it. */
const releaseShare = 0.12;

/**
 * Decodes the images and trains a net on them from nothing; `runs/<runId>/` gets its metrics and checkpoints.
 * @throws interrupted when the signal aborted it: the same run can be continued
 */
export async function trainScratch(
  job: TrainingJob,
  plan: ScratchPlan,
  reporter: Reporter,
): Promise<TrainedClassifier> {
  const { dataset, engine, runId, times } = job;
  const pixels = pixelSpec(plan.size, plan.denoise);
  const images = await decodeSplits(dataset, pixels, times, reporter);
  const inputSpec = inputSpecFor(pixels, images.train);
  const { architecture, size, width, dropout, training } = plan;
  await engine.activate();
  const classes = dataset.manifest.labels.length;
  const model = buildModel(architecture, { size, classes, seed: training.seed, width, dropout });
  try {
    let visits = 0;
    const result = await times.measure(
      "train",
      () => visits,
      async () => {
        const trained = await runTraining(
          job,
          { model, config: training, inputSpec, train: images.train, validation: images.validation },
          reporter,
        );
        visits = trained.steps * Math.min(training.batchSize, imageCount(images.train));
        return trained;
      },
    );
    if (result.outcome === "aborted") throw interrupted(runId, result);
    return {
      model: releasableLayers(model, inputSpec),
      inputSpec,
      architecture: { name: architecture, width, size },
      origin: null,
      images,
      weightsSha256: result.weightsSha256,
      outcome: describeTraining(result),
      crossValidate: null,
      dispose: () => model.dispose(),
    };
  } catch (error) {
    model.dispose();
    throw error;
  }
}

/** Trains with a bar, metrics, checkpoints and, where the job has a budget, an end. */
async function runTraining(
  { engine, runId, store, signal, deadline, workers }: TrainingJob,
  subject: Pick<TrainingRequest, "model" | "config" | "inputSpec" | "train" | "validation">,
  reporter: Reporter,
): Promise<TrainingResult> {
  const metrics = await openMetricsLog(store, runId);
  const bar = reporter.progress("train");
  try {
    const result = await trainModel({
      ...subject,
      engine,
      workers: stepsOf(subject) < fewestShared ? 1 : workers,
      runId,
      store,
      signal,
      isOutOfTime: () => deadline.leftMs() < (deadline.budgetMs ?? 0) * releaseShare,
      onProgress: ({ step, totalSteps, epoch, loss, validationTop1Accuracy: accuracy }) => {
        const best = accuracy === null ? "" : ` best validation ${accuracy.toFixed(3)}`;
        bar.update(step, totalSteps, `epoch ${epoch + 1} loss ${loss.toFixed(3)}${best}`);
      },
      onMetrics: metrics.append,
    });
    await metrics.flush();
    return result;
  } finally {
    bar.end();
  }
}

/** Optimiser updates below which threads do not earn what it takes to start them. */
const fewestShared = 100;

function stepsOf({ config, train }: Pick<TrainingRequest, "config" | "train">): number {
  return config.epochs * Math.floor(imageCount(train) / config.batchSize);
}

function describeTraining(result: TrainingResult): string {
  const best = result.bestEpoch === null ? "" : `, best epoch ${result.bestEpoch + 1}`;
  const accuracy =
    result.validation === null ? "" : ` with validation ${result.validation.top1Accuracy.toFixed(3)}`;
  const cut = result.outcome === "out-of-time" ? ", stopped by the budget" : "";
  return `trained ${result.epochs} epochs, ${result.steps} steps${best}${accuracy}${cut}`;
}

function interrupted(runId: string, { epochs }: TrainingResult): AppError {
  return new AppError(
    "interrupted",
    `training was interrupted after ${epochs} epochs; its checkpoint is kept, add --run ${runId} to go on`,
  );
}
