import * as z from "zod/mini";
import { defaultRolloutGuard, rolloutGuardSchema } from "./alias.ts";
import { defaultAlias, nameSchema, timestampSchema } from "./names.ts";

const fraction = z.number().check(z.gte(0), z.lte(1));
const count = z.int().check(z.gte(0));
const seconds = z.int().check(z.gte(0), z.lte(7 * 86_400));

/** When a challenger may replace the champion; both are measured on the same held-out images. */
export const gatePolicySchema = z.strictObject({
  /** Least top-1 accuracy of a challenger, also of the first one. */
  minimumAccuracy: z.prefault(fraction, 0),
  /** Top-1 accuracy it must have above the champion's; at 0 a tie is enough, since it has seen fresher data. */
  minimumGain: z.prefault(fraction, 0),
  /** Recall that any one class may lose; one image is always allowed. */
  maximumRecallLoss: z.prefault(fraction, 0.05),
});

/** How one model is retrained; every field but the names has a default. */
export const retrainSettingsSchema = z.strictObject({
  model: nameSchema,
  dataset: nameSchema,
  /** The alias that serves. */
  alias: z.prefault(nameSchema, defaultAlias),
  /** Images that must be new since the champion was trained. */
  minimumNewImages: z.prefault(count, 50),
  /** Share of a dataset's files that may be missing, damaged or unreadable. */
  maximumFaultShare: z.prefault(fraction, 0.05),
  /** Share of the images that the audit may find errors of, such as one picture under two labels. */
  maximumAuditErrorShare: z.prefault(fraction, 0.01),
  /** Images every class must have. */
  minimumClassImages: z.prefault(count, 10),
  seed: z.prefault(count, 1),
  engine: z.prefault(z.enum(["auto", "wasm", "native-cpu", "native-gpu"]), "auto"),
  /** What is fixed of the way to train, the net and its training; the rest follows from the data. */
  plan: z.prefault(
    z.strictObject({
      /** `auto` learns a head on a backbone that the store keeps, or a net of its own, as fits the images. */
      mode: z.optional(z.enum(["auto", "head", "finetune", "scratch"])),
      /** Name of the backbone, which `edgewise backbones upload` puts into the store, or `model@version` of the store. */
      backbone: z.optional(z.string()),
      epochs: z.optional(z.int().check(z.gte(1))),
      architecture: z.optional(z.string()),
      size: z.optional(z.int().check(z.gte(1))),
      width: z.optional(z.number().check(z.gt(0))),
    }),
    {},
  ),
  gate: z.prefault(gatePolicySchema, {}),
  /** Share of the callers that try a challenger before all get it; 0 promotes it at once. */
  canaryFraction: z.prefault(fraction, 0.1),
  /** Whether every image is also classified by the other version while a challenger is tried. */
  shadow: z.prefault(z.boolean(), true),
  /** Seconds between two looks at how a challenger fares. */
  canaryStepSeconds: z.prefault(seconds, 600),
  /** Looks that it must pass to be promoted. */
  canarySteps: z.prefault(z.int().check(z.gte(1), z.lte(500)), 12),
  /** When the Workers themselves end the trial. */
  guard: z.prefault(rolloutGuardSchema, defaultRolloutGuard),
  /** Top-1 accuracy the champion may lose, against the day it was published, before it counts as worn out. */
  maximumAccuracyDrop: z.prefault(fraction, 0.05),
});

/** How one model is retrained. */
export type RetrainSettings = z.infer<typeof retrainSettingsSchema>;

/** Short tasks that read everything and write the records of runs: they decide. */
export const decisionTasks = ["begin", "inspect", "judge-data", "gate", "judge-champion", "finish"] as const;

/** Short tasks that reach what Workers read: they take its feedback and write published models. */
export const releaseTasks = ["collect", "publish", "start-canary", "guard", "promote", "roll-back"] as const;

/** Tasks that take long or need a graphics card: `edgewise pipeline job <task>`. */
export const jobTasks = ["audit", "train", "evaluate"] as const;

/** A short task that decides. */
export type DecisionTask = (typeof decisionTasks)[number];

/** A short task that reaches what Workers read. */
export type ReleaseTask = (typeof releaseTasks)[number];

/** A task that takes long or needs a graphics card. */
export type JobTask = (typeof jobTasks)[number];

/** What starts the pipeline. */
export const triggers = ["schedule", "dataset", "feedback", "manual"] as const;

/** The input of one execution of the state machine. */
export const retrainRequestSchema = z.strictObject({
  settings: retrainSettingsSchema,
  trigger: z.prefault(z.enum(triggers), "manual"),
  /** Trains although nothing new has come. */
  force: z.prefault(z.boolean(), false),
});

/** The input of one execution of the state machine. */
export type RetrainRequest = z.infer<typeof retrainRequestSchema>;

/** A run of the pipeline, as every task finds it under `runs/<runId>/`. */
export const pipelineRunSchema = z.strictObject({
  schemaVersion: z.literal(1),
  runId: z.string(),
  /** The execution that owns the run. */
  execution: z.string(),
  startedAt: timestampSchema,
  request: retrainRequestSchema,
});

/** A run of the pipeline. */
export type PipelineRun = z.infer<typeof pipelineRunSchema>;

/** Who retrains a model at the moment; one record a model, moved by compare-and-set. */
export const pipelineLockSchema = z.strictObject({
  schemaVersion: z.literal(1),
  execution: z.string(),
  runId: z.string(),
  /** After this nobody holds it any more. */
  expiresAt: timestampSchema,
  /** Whether something else wanted to start meanwhile. */
  pending: z.boolean(),
  /** Nobody holds it. */
  released: z.boolean(),
});

/** Who retrains a model at the moment. */
export type PipelineLock = z.infer<typeof pipelineLockSchema>;
