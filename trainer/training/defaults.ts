import { type Architecture } from "../model/build-model.ts";
import { parseTrainingConfig, type TrainingConfig } from "./config.ts";

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

/** What the defaults depend on. */
export interface TrainingFacts {
  /** Images of the train split. */
  readonly trainImages: number;
  /** Typical shorter side of the source images, in pixels. */
  readonly imageSide: number;
}

/** What the caller sets instead of a default. */
export type PlanOverrides = Partial<Omit<TrainingPlan, "training">> & Partial<TrainingConfig>;

/** Input sizes, each with the largest source image it is meant for and the images it can visit in about two minutes. */
const sizes = [
  { size: 32, largestSide: 48, visits: 84_000 },
  { size: 64, largestSide: 80, visits: 84_000 },
  { size: 96, largestSide: Infinity, visits: 40_000 },
] as const;

const fewestEpochs = 8;
const mostEpochs = 40;

/**
 * Chooses a net and a training schedule for a data set; the same facts always give the same plan.
 * The number of epochs keeps training on two cores to a few minutes; small sets, which overfit, stop at 40.
 * @throws invalid_argument when an override is out of range
 */
export function planTraining(
  facts: TrainingFacts,
  seed: number,
  overrides: PlanOverrides = {},
): TrainingPlan {
  const {
    architecture = "small-cnn",
    width = 1,
    dropout = 0,
    size = sizeFor(facts.imageSide),
    ...rest
  } = overrides;
  const epochs = rest.epochs ?? epochsFor(facts.trainImages, size);
  const batchSize = rest.batchSize ?? 32;
  const stepsPerEpoch = Math.max(1, Math.floor(facts.trainImages / batchSize));
  const training = parseTrainingConfig({
    seed,
    learningRate: 2e-3,
    // a tenth of the run, at most half an epoch of a large set
    warmupSteps: Math.min(100, Math.ceil((epochs * stepsPerEpoch) / 10)),
    schedule: "cosine",
    weightDecay: 0.05,
    labelSmoothing: 0.1,
    augmentation: { flip: true, shift: 0.1, brightness: 0.1, contrast: 0.2 },
    patience: Math.max(6, Math.ceil(epochs / 3)),
    ...rest,
    epochs,
    batchSize,
  });
  return { architecture, size, width, dropout, training };
}

/** The middle one of the images' shorter sides, in pixels; 0 without images. */
export function typicalSide(images: readonly { readonly width: number; readonly height: number }[]): number {
  const sides = images.map(({ width, height }) => Math.min(width, height)).toSorted((a, b) => a - b);
  return sides[Math.floor(sides.length / 2)] ?? 0;
}

function sizeFor(imageSide: number): number {
  return (sizes.find(({ largestSide }) => imageSide <= largestSide) ?? sizes[2]).size;
}

function epochsFor(trainImages: number, size: number): number {
  const { visits, size: knownSize } = sizes.find((known) => size <= known.size) ?? sizes[2];
  const affordable = visits * Math.min(1, (knownSize / size) ** 2);
  const epochs = Math.round(affordable / Math.max(1, trainImages));
  return Math.min(mostEpochs, Math.max(fewestEpochs, epochs));
}
