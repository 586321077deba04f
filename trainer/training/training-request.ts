import { createHash } from "node:crypto";
import type * as tfl from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { type ImageSet, imageCount } from "../data/image-set.ts";
import type { Engine } from "../engine/engine.ts";
import type { TrainingConfig } from "./config.ts";
import type { Normalization } from "./image-batches.ts";
import type { Validation } from "./validate.ts";

/** Where a run is, after every step. */
export interface TrainingProgress {
  /** Counted from 0. */
  readonly epoch: number;
  readonly epochs: number;
  /** Steps done in the whole run. */
  readonly step: number;
  readonly totalSteps: number;
  /** Mean training loss of the epoch so far, in nats. */
  readonly loss: number;
  /** Of the last validation, 0-1; `null` before the first. */
  readonly validationTop1Accuracy: number | null;
}

/** One line of `metrics.jsonl`: what an epoch gave. */
export interface EpochMetrics {
  readonly epoch: number;
  /** Steps done in the whole run. */
  readonly step: number;
  /** At the last step. */
  readonly learningRate: number;
  readonly trainLoss: number;
  readonly validationLoss: number;
  readonly validationTop1Accuracy: number;
  /** Whether these are the best weights so far. */
  readonly best: boolean;
}

/** What `trainModel` trains, on what, and how. */
export interface TrainingRequest {
  readonly engine: Engine;
  /** Trained in place. */
  readonly model: tfl.LayersModel;
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly inputSpec: Normalization;
  readonly config: TrainingConfig;
  /** Threads that compute parts of each batch; no more than there are parts. They change no bit of the result. */
  readonly workers?: number | undefined;
  /** With `store`: where checkpoints go, and whence the run continues when it was interrupted. */
  readonly runId?: string;
  readonly store?: ObjectStore;
  readonly onProgress?: (progress: TrainingProgress) => void;
  readonly onMetrics?: (metrics: EpochMetrics) => void;
  /** Aborted, the run writes a checkpoint and stops after the step under way. */
  readonly signal?: AbortSignal;
  /** Asked before each step; once true, the run validates what it has and ends with the best weights so far. */
  readonly isOutOfTime?: () => boolean;
}

/** How a run ended. */
export interface TrainingResult {
  /** All epochs done; no better validation for `patience` epochs; no time left; or aborted, to be continued. */
  readonly outcome: "finished" | "stopped-early" | "out-of-time" | "aborted";
  /** Epochs that were finished, the one that the time cut short among them. */
  readonly epochs: number;
  /** Optimiser updates. */
  readonly steps: number;
  /** Counted from 0; `null` when aborted before the first validation. */
  readonly bestEpoch: number | null;
  /** Of the best epoch. */
  readonly validation: Validation | null;
  /** Hex SHA-256 of the weights that the model has now: the best ones, or the last ones when aborted. */
  readonly weightsSha256: string;
}

/**
 * Whether both sets hold images and fit the model.
 * @throws invalid_argument when they do not
 */
export function checkSets({ model, train, validation }: TrainingRequest): void {
  const [, height, width] = model.inputs[0]?.shape ?? [];
  const classes = model.outputs[0]?.shape.at(-1);
  for (const [name, set] of [["train", train] as const, ["validation", validation] as const]) {
    if (imageCount(set) === 0) {
      throw new AppError(
        "invalid_argument",
        `the ${name} set has no images; training needs at least one in each`,
      );
    }
    if (set.width !== width || set.height !== height || set.classes !== classes) {
      throw new AppError(
        "invalid_argument",
        `the ${name} set has ${set.classes} classes of ${set.width}x${set.height} px, the model takes ${classes} ` +
          `classes of ${width}x${height} px`,
      );
    }
  }
}

/** Hex SHA-256 that changes with everything that the resulting weights depend on, but the code and the machine. */
export function digestRun(
  { engine, model, train, validation, inputSpec }: TrainingRequest,
  config: TrainingConfig,
): string {
  const hash = createHash("sha256");
  const { mean, std } = inputSpec;
  const shapes = model.weights.map(({ originalName, shape }) => [originalName, shape]);
  hash.update(JSON.stringify({ config, mean, std, shapes, engine: engine.name, packages: engine.packages }));
  for (const { images, labels } of [train, validation]) {
    hash.update(images).update(new Uint8Array(labels.buffer, labels.byteOffset, labels.byteLength));
  }
  return hash.digest("hex");
}
