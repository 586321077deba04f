import * as z from "zod/mini";
import { architectures } from "../model/build-model.ts";
import { trainingConfigSchema } from "../training/config.ts";

/** The ways to train: a head on the features of a backbone, or a whole net from nothing. */
export const modes = ["head", "scratch"] as const;

/** A way to train. */
export type Mode = (typeof modes)[number];

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
  training: trainingConfigSchema,
});

const headPlanSchema = z.strictObject({
  mode: z.literal("head"),
  /** Name in the registry. */
  backbone: z.string(),
  /** Pixels of the square input. */
  size,
  /** Views of each training image: 2 has the mirrored ones too. */
  views: z.int().check(z.gte(1), z.lte(2)),
});

/** Everything that decides how a run trains, but its images. */
export const planSchema = z.discriminatedUnion("mode", [scratchPlanSchema, headPlanSchema]);

/** A net that is trained from nothing. */
export type ScratchPlan = z.infer<typeof scratchPlanSchema>;

/** A linear head on the features of a backbone. */
export type HeadPlan = z.infer<typeof headPlanSchema>;

/** Everything that decides how a run trains, but its images. */
export type Plan = z.infer<typeof planSchema>;

/** A plan with the reason for it, in one line. */
export interface ChosenPlan {
  readonly plan: Plan;
  readonly why: string;
}

/** A plan in a few words. */
export function describePlan(plan: Plan): string {
  switch (plan.mode) {
    case "scratch":
      return `${plan.architecture} x${plan.width} at ${plan.size} px from scratch, at most ${plan.training.epochs} epochs`;
    case "head":
      return `a head on ${plan.backbone} at ${plan.size} px${plan.views > 1 ? ", mirrored views too" : ""}`;
    default:
      return plan satisfies never;
  }
}
