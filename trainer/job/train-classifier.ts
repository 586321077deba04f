import type * as tfl from "@tensorflow/tfjs-layers";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import { loadSplit } from "../data/image-loader.ts";
import type { ImageSet } from "../data/image-set.ts";
import type { Engine } from "../engine/engine.ts";
import { buildModel } from "../model/build-model.ts";
import type { TrainingPlan } from "../training/defaults.ts";
import { trainModel } from "../training/train-model.ts";
import type { TrainingResult } from "../training/training-request.ts";
import { inputSpecFor, pixelSpec } from "./input-spec.ts";
import { openMetricsLog } from "./metrics-log.ts";
import type { Reporter } from "./reporter.ts";

/** The decoded images that training and calibration use; the test split is not among them. */
export interface TrainingImages {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly calibration: ImageSet;
}

/** A model that was trained, and what it was trained on. */
export interface TrainedClassifier {
  /** The caller disposes of it. */
  readonly model: tfl.LayersModel;
  readonly inputSpec: InputSpec;
  readonly images: TrainingImages;
  readonly result: TrainingResult;
}

/** What a run trains, and where it leaves its traces. */
export interface TrainingJob {
  readonly dataset: IndexedDataset;
  readonly plan: TrainingPlan;
  readonly engine: Engine;
  readonly runId: string;
  readonly store: ObjectStore;
  readonly signal: AbortSignal;
}

/**
 * Decodes the images and trains a net on them; `runs/<runId>/` gets its metrics and checkpoints.
 * @throws interrupted when the signal aborted it: the same run can be continued
 */
export async function trainClassifier(job: TrainingJob, reporter: Reporter): Promise<TrainedClassifier> {
  const { dataset, plan, engine, runId, store, signal } = job;
  const images = await decodeSplits(dataset, plan.size, reporter);
  const inputSpec = inputSpecFor(pixelSpec(plan.size), images.train);
  const { architecture, size, width, dropout, training } = plan;
  await engine.activate();
  const classes = dataset.manifest.labels.length;
  const model = buildModel(architecture, { size, classes, seed: training.seed, width, dropout });
  const metrics = await openMetricsLog(store, runId);
  const bar = reporter.progress("train");
  try {
    const result = await trainModel({
      engine,
      model,
      train: images.train,
      validation: images.validation,
      inputSpec,
      config: training,
      runId,
      store,
      signal,
      onProgress: ({ step, totalSteps, epoch, loss, validationTop1Accuracy: accuracy }) => {
        const validation = accuracy === null ? "" : ` best validation ${accuracy.toFixed(3)}`;
        bar.update(step, totalSteps, `epoch ${epoch + 1} loss ${loss.toFixed(3)}${validation}`);
      },
      onMetrics: metrics.append,
    });
    await metrics.flush();
    if (result.outcome === "aborted") throw interrupted(runId, result);
    return { model, inputSpec, images, result };
  } catch (error) {
    model.dispose();
    throw error;
  } finally {
    bar.end();
  }
}

async function decodeSplits(
  dataset: IndexedDataset,
  size: number,
  reporter: Reporter,
): Promise<TrainingImages> {
  const { images } = dataset.manifest;
  const total = images.filter((image) => image.split !== "test").length;
  const bar = reporter.progress("decode");
  let before = 0;
  const load = async (split: "train" | "validation" | "calibration"): Promise<ImageSet> => {
    const set = await loadSplit(dataset, split, pixelSpec(size), {
      onProgress: (done) => bar.update(before + done, total),
    });
    before += set.labels.length;
    return set;
  };
  try {
    return {
      train: await load("train"),
      validation: await load("validation"),
      calibration: await load("calibration"),
    };
  } finally {
    bar.end();
  }
}

function interrupted(runId: string, { epochs }: TrainingResult): AppError {
  return new AppError(
    "interrupted",
    `training was interrupted after ${epochs} epochs; its checkpoint is kept, add --run ${runId} to go on`,
  );
}
