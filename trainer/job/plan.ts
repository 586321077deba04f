import * as z from "zod/mini";
import { inputSpecSchema } from "../../shared/contract/input-spec.ts";
import { sha256Schema } from "../../shared/contract/names.ts";
import { architectures } from "../model/build-model.ts";
import { trainingConfigSchema } from "../training/config.ts";

/** The ways to train: a head on the features of a backbone, its last layers too, or a whole net from nothing. */
export const modes = ["head", "finetune", "scratch"] as const;

/** A way to train. */
export type Mode = (typeof modes)[number];

/** Noise removal of the pixels that a net sees; `auto` takes what does better on images that are held back. */
export const denoiseChoices = ["none", "median3", "auto"] as const;

/** Noise removal of the pixels that a net sees. */
export type DenoiseChoice = (typeof denoiseChoices)[number];

const size = z.int().check(z.gte(16), z.lte(1024));

const scratchPlanSchema = z.strictObject({
  mode: z.literal("scratch"),
  architecture: z.enum(architectures),
  /** Pixels of the square input. */
  size,
  /** Multiplies the channels of every layer. */
  width: z.number(),
  /** Share of the embedding that a training step ignores. */
  dropout: z.number(),
  denoise: z.optional(inputSpecSchema.shape.denoise),
  training: trainingConfigSchema,
});

/** Random views of an image that a head may learn from. */
export const mostRandomViews = 32;

const backbone = {
  /** Name in the registry, or where a net of the user's own is, as he named it. */
  backbone: z.string(),
  /** Of such a net. */
  backboneSha256: z.optional(sha256Schema),
};

const headPlanSchema = z.strictObject({
  mode: z.literal("head"),
  ...backbone,
  /** Pixels of the square input. */
  size,
  /** Views of each training image: 2 has the mirrored ones too. */
  views: z.int().check(z.gte(1), z.lte(2)),
  /** Random views of each, too. */
  randomViews: z.optional(z.int().check(z.gte(1), z.lte(mostRandomViews))),
  /** Of those. */
  seed: z.optional(z.int()),
  denoise: z.optional(z.enum(denoiseChoices)),
});

const share = z.number().check(z.gte(0), z.lte(1));

const finetunePlanSchema = z.strictObject({
  mode: z.literal("finetune"),
  ...backbone,
  /** Pixels of the square input. */
  size,
  /** Name of the backbone whose head says what each view shows; `null` to learn from the labels alone. */
  teacher: z.nullable(z.string()),
  /** Share of what is learnt that comes from the teacher. */
  teacherShare: share,
  /** Random views of each training image, beside the image as it is. */
  views: z.int().check(z.gte(0), z.lte(100)),
  denoise: z.optional(z.enum(denoiseChoices)),
  seed: z.int(),
  epochs: z.int().check(z.gte(1)),
  batchSize: z.int().check(z.gte(1)),
  /** Of the head. */
  learningRate: z.number().check(z.gt(0)),
  /** Of the backbone's last layers, as a share of the head's. */
  tailRate: share,
  weightDecay: share,
});

/** Everything that decides how a run trains, but its images. */
export const planSchema = z.discriminatedUnion("mode", [
  scratchPlanSchema,
  headPlanSchema,
  finetunePlanSchema,
]);

/** A net that is trained from nothing. */
export type ScratchPlan = z.infer<typeof scratchPlanSchema>;

/** A linear head on the features of a backbone. */
export type HeadPlan = z.infer<typeof headPlanSchema>;

/** The last layers of a backbone and a linear head on them. */
export type FinetunePlan = z.infer<typeof finetunePlanSchema>;

/** Everything that decides how a run trains, but its images. */
export type Plan = z.infer<typeof planSchema>;

/** A plan with the reason for it, in one line. */
export interface ChosenPlan {
  readonly plan: Plan;
  readonly why: string;
}

/** A plan in a few words. */
export function describePlan(plan: Plan): string {
  const { denoise = "none" } = plan;
  const removal = { none: "", median3: ", noise removal median3", auto: ", with and without noise removal" };
  return `${describeNet(plan)}${removal[denoise]}`;
}

function describeNet(plan: Plan): string {
  switch (plan.mode) {
    case "scratch":
      return `${plan.architecture} x${plan.width} at ${plan.size} px from scratch, at most ${plan.training.epochs} epochs`;
    case "head":
      return `a head on ${plan.backbone} at ${plan.size} px${plan.views > 1 ? ", mirrored views too" : ""}${
        plan.randomViews === undefined ? "" : `, ${plan.randomViews} random views of each image`
      }`;
    case "finetune": {
      const taught = plan.teacher === null ? "" : `, taught by ${plan.teacher}`;
      return `the last layers of ${plan.backbone} at ${plan.size} px and a head${taught}`;
    }
    default:
      return plan satisfies never;
  }
}
