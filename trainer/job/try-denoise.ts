import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { loadImages } from "../data/image-loader.ts";
import { imageCount } from "../data/image-set.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import { buildModel } from "../model/build-model.ts";
import { inputSpecFor, pixelSpec } from "../training/input-spec.ts";
import { trainModel } from "../training/train-model.ts";
import type { TrainingConfig } from "../training/config.ts";
import type { ScratchPlan } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainingJob } from "./trained-classifier.ts";

/** Images that the trial of a net learns from and is judged by, at most. */
const mostImages = { train: 2000, validation: 1000 } as const;
/** Of the steps of a run, those of each trial. */
const stepShare = 0.1;
/** With fewer steps nets, and the statistics of their batch normalization, are not settled enough to be compared. */
const fewestSteps = 100;
/** Images that more steps would visit take longer than the answer is worth. */
const mostVisits = 8000;

/** What came of a trial. */
export interface DenoiseTrial {
  readonly denoise: InputSpec["denoise"];
  /** One line: how it was found. */
  readonly why: string;
}

/**
 * Trains the net of a plan for a short while with noise removal and without, and tells which way has the lower loss on
 * validation images. The same images, plan and engine give the same answer.
 * @throws interrupted when the signal aborted it
 */
export async function tryDenoise(
  job: TrainingJob,
  plan: ScratchPlan,
  reporter: Reporter,
): Promise<DenoiseTrial> {
  const none = await trialLoss(job, plan, "none", reporter);
  const median3 = await trialLoss(job, plan, "median3", reporter);
  const denoise = median3 < none ? "median3" : "none";
  return {
    denoise,
    why: `noise removal ${denoise} by short trials (validation loss ${none.toFixed(3)} without, ${median3.toFixed(3)} with)`,
  };
}

/** The validation loss of a net after a short training. */
async function trialLoss(
  job: TrainingJob,
  { architecture, size, width, dropout, training }: ScratchPlan,
  denoise: InputSpec["denoise"],
  reporter: Reporter,
): Promise<number> {
  const { dataset, engine, signal } = job;
  const pixels = pixelSpec(size, denoise);
  const { images, labels } = dataset.manifest;
  const all = images.filter(({ split }) => split === "train");
  const held = images.filter(({ split }) => split === "validation");
  const train = await loadImages(dataset, spreadEvenly(all, mostImages.train), pixels);
  const validation = await loadImages(dataset, spreadEvenly(held, mostImages.validation), pixels);
  const config = trialConfig(training, all.length, imageCount(train));
  await engine.activate();
  const model = buildModel(architecture, {
    size,
    classes: labels.length,
    seed: training.seed,
    width,
    dropout,
  });
  const bar = reporter.progress(`try ${denoise}`);
  try {
    const inputSpec = inputSpecFor(pixels, train);
    const onProgress = ({ step, totalSteps }: { step: number; totalSteps: number }): void =>
      bar.update(step, totalSteps);
    const sets = { train, validation, inputSpec };
    const result = await trainModel({ model, config, engine, signal, onProgress, ...sets });
    if (result.outcome === "aborted" || result.validation === null) throw interrupted();
    return result.validation.loss;
  } finally {
    bar.end();
    model.dispose();
  }
}

/** The settings of a run for a tenth of it, on a sample of its images. */
function trialConfig(training: TrainingConfig, images: number, sampled: number): TrainingConfig {
  const stepsOf = (count: number): number => Math.max(1, Math.floor(count / training.batchSize));
  const share = Math.round(stepShare * training.epochs * stepsOf(images));
  const most = Math.floor(mostVisits / training.batchSize);
  const steps = Math.max(fewestSteps, Math.min(most, share));
  const epochs = Math.ceil(steps / stepsOf(sampled));
  const warmupSteps = Math.min(training.warmupSteps, Math.ceil(steps / 10));
  return { ...training, epochs, warmupSteps, patience: epochs };
}

function interrupted(): AppError {
  return new AppError("interrupted", "the trial of noise removal was interrupted; start the run again");
}
