import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { Architecture } from "../model/build-model.ts";
import { type Augmentation, parseTrainingConfig, type TrainingConfig } from "./config.ts";

/** A net and how to train it. */
export interface TrainingPlan {
  readonly architecture: Architecture;
  /** Pixels of the square input. */
  readonly size: number;
  /** Multiplies the channels of every layer. */
  readonly width: number;
  /** Share of the embedding that a training step ignores. */
  readonly dropout: number;
  readonly training: TrainingConfig;
}

/** What the caller fixes; everything else is chosen by the data set. */
export type PlanRequest = {
  readonly [Name in keyof (Omit<TrainingPlan, "training"> & Omit<TrainingConfig, "seed">)]?:
    | (Omit<TrainingPlan, "training"> & TrainingConfig)[Name]
    | undefined;
};

/**
 * Input sizes, each with the largest source image it is meant for, the width of the net, and how many images a run
 * may visit: measured to take one to two minutes on one core of an EPYC of 2021.
 */
const sizes = [
  { size: 32, largestSide: 48, width: 1.5, visits: 84_000 },
  { size: 64, largestSide: 160, width: 1, visits: 20_000 },
  { size: 96, largestSide: Infinity, width: 1, visits: 20_000 },
] as const;

/** Random changes of the training images: few for short trainings, many for long ones, which would learn them by heart. */
export const augmentations = {
  light: { flip: true, shift: 0.1, brightness: 0.1, contrast: 0.2 },
  /** Place alone, as small images lose more by changed colours than they teach. */
  placement: { flip: true, shift: 0.1, brightness: 0, contrast: 0 },
  strong: {
    flip: true,
    shift: 0.12,
    brightness: 0.15,
    contrast: 0.3,
    rotation: 15,
    zoom: 0.15,
    saturation: 0.4,
    cutout: 0.35,
    picks: 2,
    mixup: 0.2,
  },
} as const satisfies Record<string, Augmentation>;

/** What tens of thousands of small images want where there are hours: a deeper net, large batches for Muon, more smoothing. */
export const deepRequest = {
  architecture: "deep-cnn",
  size: 32,
  width: 1.25,
  epochs: 28,
  optimizer: "muon",
  batchSize: 256,
  learningRate: 0.035,
  weightDecay: 0.1,
  labelSmoothing: 0.1,
  augmentation: { ...augmentations.placement, cutout: 0.25 },
} as const satisfies PlanRequest;

const fewestEpochs = 8;
const mostEpochs = 40;

/**
 * Chooses a net and a training schedule for a data set; the same facts always give the same plan.
 * The number of epochs keeps training on two cores to a few minutes; small sets, which overfit, stop at 40.
 * @throws invalid_argument when the request is out of range
 */
export function planTraining(
  dataset: Pick<DatasetManifest, "images">,
  request: PlanRequest,
  seed: number,
): TrainingPlan {
  const { architecture, width, dropout, size: requestedSize, ...settings } = request;
  const trainImages = dataset.images.filter(({ split }) => split === "train").length;
  const size = requestedSize ?? sizeFor(typicalSide(dataset.images));
  const epochs = settings.epochs ?? epochsFor(trainImages, size);
  const batchSize = settings.batchSize ?? 32;
  const steps = epochs * Math.max(1, Math.floor(trainImages / batchSize));
  const training = parseTrainingConfig({
    seed,
    epochs,
    batchSize,
    optimizer: settings.optimizer,
    learningRate: settings.learningRate ?? (settings.optimizer === "muon" ? 0.035 : 5e-3),
    warmupSteps: settings.warmupSteps ?? Math.min(100, Math.ceil(steps / 10)),
    schedule: settings.schedule ?? "cosine",
    weightDecay: settings.weightDecay ?? 0.05,
    labelSmoothing: settings.labelSmoothing ?? 0.05,
    augmentation: settings.augmentation ?? augmentations.light,
    averaging: settings.averaging,
    gradientClip: settings.gradientClip,
    partSize: settings.partSize,
    patience: settings.patience ?? Math.max(6, Math.ceil(epochs / 3)),
  });
  return {
    architecture: architecture ?? "small-cnn",
    size,
    width: width ?? knownSize(size).width,
    dropout: dropout ?? 0,
    training,
  };
}

/** The middle one of the images' shorter sides, in pixels; 0 without images. */
export function typicalSide(images: DatasetManifest["images"]): number {
  const sides = images.map(({ width, height }) => Math.min(width, height)).toSorted((a, b) => a - b);
  return sides[Math.floor(sides.length / 2)] ?? 0;
}

function sizeFor(imageSide: number): number {
  return (sizes.find(({ largestSide }) => imageSide <= largestSide) ?? sizes[2]).size;
}

/** The measured size that is nearest from above, the largest one for those beyond. */
function knownSize(size: number): (typeof sizes)[number] {
  return sizes.find((known) => size <= known.size) ?? sizes[2];
}

function epochsFor(trainImages: number, size: number): number {
  const known = knownSize(size);
  const affordable = known.visits * Math.min(1, (known.size / size) ** 2);
  const epochs = Math.round(affordable / Math.max(1, trainImages));
  return Math.min(mostEpochs, Math.max(fewestEpochs, epochs));
}
