import * as z from "zod/mini";
import { parseWith } from "../../shared/contract/parse.ts";

const fraction = z.number().check(z.gte(0), z.lte(1));

/** Random changes of each training image, on its bytes before normalisation; 0 or `false` switches one off. */
export const augmentationSchema = z.strictObject({
  /** Mirror left and right, half of the time. */
  flip: z.boolean(),
  /** Largest shift of the image along each side, as a share of the side; the border repeats. */
  shift: z.number().check(z.gte(0), z.lte(0.5)),
  /** Largest change of brightness, as a share of full white. */
  brightness: fraction,
  /** Largest relative change of contrast around mid-grey. */
  contrast: fraction,
  /** Largest turn, in degrees. */
  rotation: z.optional(z.number().check(z.gte(0), z.lte(45))),
  /** Largest relative change of size. */
  zoom: z.optional(z.number().check(z.gte(0), z.lte(0.5))),
  /** Largest relative change of the colours' distance from grey. */
  saturation: z.optional(fraction),
  /** Side of a covered square, as a share of the image's shorter side. */
  cutout: z.optional(z.number().check(z.gte(0), z.lte(0.75))),
  /** How many of the four changes above an image gets; all that are on unless told. */
  picks: z.optional(z.int().check(z.gte(0), z.lte(4))),
  /** Largest share of another image that is mixed into each, labels alike (mixup, Zhang et al. 2018). */
  mixup: z.optional(z.number().check(z.gte(0), z.lte(0.5))),
  /**
   * Largest share of each image's area that a rectangle of another image covers, labels alike (CutMix, Yun et al. 2019).
   * With mixup too, each part of a batch gets one of the two.
   */
  cutmix: z.optional(z.number().check(z.gte(0), z.lte(0.5))),
});

/** Ways of the learning rate over a run. */
export const schedules = ["cosine", "one-cycle", "constant"] as const;

/** Ways to follow gradients. */
export const optimizers = ["adam", "muon"] as const;

/** How a training run goes; see {@link parseTrainingConfig}. */
export const trainingConfigSchema = z.strictObject({
  /** Of everything random in the run. */
  seed: z.int(),
  /** Full passes over the training images. */
  epochs: z.int().check(z.gte(1), z.lte(10_000)),
  /** Images a step; a last partial batch of an epoch is left out. */
  batchSize: z.int().check(z.gte(1), z.lte(1024)),
  /**
   * Images of a batch that are computed at once, which batch normalization sees alone; their gradients are summed.
   * By the model's size unless told.
   */
  partSize: z.optional(z.int().check(z.gte(1), z.lte(1024))),
  /** `adam` unless told; `muon` learns in fewer passes, at a few matrix products a step. */
  optimizer: z.optional(z.enum(optimizers)),
  /** After warm-up; of Muon, how far a step turns a kernel, and fifteen times the rate of what is no kernel. */
  learningRate: z.number().check(z.gt(0), z.lte(1)),
  /** Steps of linear rise to `learningRate`; `one-cycle` has a rise of its own. */
  warmupSteps: z.int().check(z.gte(0)),
  /** `cosine` falls to zero over the steps after warm-up; `one-cycle` first rises over three tenths of the run. */
  schedule: z.enum(schedules),
  /** Decoupled, of kernels only, scaled by the learning rate. */
  weightDecay: z.number().check(z.gte(0), z.lte(1)),
  /** Share of each label that is spread over all classes. */
  labelSmoothing: z.number().check(z.gte(0), z.lt(1)),
  augmentation: augmentationSchema,
  /** Share of the running average of the weights that a step keeps; the average is what is validated and kept. */
  averaging: z.optional(z.number().check(z.gt(0), z.lt(1))),
  /** Longest that the gradient of all weights together may be; longer ones are shortened. */
  gradientClip: z.optional(z.number().check(z.gt(0))),
  /** Epochs without a better validation result after which training stops. */
  patience: z.int().check(z.gte(1)),
});

/** How a training run goes. */
export type TrainingConfig = z.infer<typeof trainingConfigSchema>;

/** Random changes of each training image. */
export type Augmentation = z.infer<typeof augmentationSchema>;

/** Checks a training configuration. @throws invalid_argument naming each wrong field */
export function parseTrainingConfig(value: unknown): TrainingConfig {
  return parseWith(trainingConfigSchema, value, "the training configuration");
}
