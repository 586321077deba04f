import * as z from "zod/mini";
import { lastRollbackSchema, rolloutSchema } from "./alias.ts";
import { errorCodes } from "./errors.ts";
import { nameSchema, timestampSchema, versionSchema } from "./names.ts";

const count = z.int().check(z.gte(0));

/** A model of the store with what can be used of it. */
export const listedModelSchema = z.strictObject({
  model: z.string(),
  /** Complete versions, newest first. */
  versions: z.array(z.string()),
  /** Aliases of complete versions, by name. */
  aliases: z.array(
    z.strictObject({
      alias: z.string(),
      version: z.string(),
      /** The version that is tried on a part of the traffic. */
      rollout: z.optional(z.pick(rolloutSchema, { version: true, canaryFraction: true, shadow: true })),
      lastRollback: z.optional(lastRollbackSchema),
    }),
  ),
});

/** A model of the store with what can be used of it. */
export type ListedModel = z.infer<typeof listedModelSchema>;

/** The answer of `GET /models`. */
export const modelListSchema = z.strictObject({ models: z.array(listedModelSchema) });

/** A version that was not taken, and why. */
export const refusalSchema = z.strictObject({
  version: versionSchema,
  code: z.enum(errorCodes),
  detail: z.string(),
  at: timestampSchema,
});

/** A version that was not taken, and why. */
export type Refusal = z.infer<typeof refusalSchema>;

/** The answer of `GET /health/live`. */
export const livenessSchema = z.strictObject({ status: z.literal("live") });

const selfTestSchema = z.strictObject({
  /** Golden vectors that were run. */
  vectors: count,
  /** Largest absolute difference of a logit from the published one. */
  maxLogitDelta: z.number(),
  /** Largest absolute difference of a probability, at temperature 1. */
  maxProbabilityDelta: z.number(),
  /** What the manifest allows. */
  tolerance: z.number(),
  /** What computes the model: our kernels, or stock tfjs where they disagree with it or lack an operation. */
  engine: z.enum(["plan", "integer-plan", "tfjs"]),
});

const armCountsSchema = z.strictObject({ answers: count, unknown: count, failed: count });

/** A rollout and how it fares in the isolate that answers. */
export const rolloutStateSchema = z.strictObject({
  ...z.pick(rolloutSchema, { version: true, canaryFraction: true, shadow: true, startedAt: true }).shape,
  /** Whether its version can answer here. */
  loaded: z.boolean(),
  /** Why this isolate ended it, `null` while it goes on. */
  ended: z.nullable(z.string()),
  refused: z.array(refusalSchema),
  /** Of the latest answers. */
  seen: z.strictObject({
    stable: armCountsSchema,
    candidate: armCountsSchema,
    /** Images that both versions classified. */
    compared: count,
    /** Of those, to how many they gave different classes. */
    disagreed: count,
  }),
});

/** A rollout and how it fares in the isolate that answers. */
export type RolloutState = z.infer<typeof rolloutStateSchema>;

/** The answer of `GET /health/ready` where a model serves. */
export const readinessSchema = z.strictObject({
  status: z.literal("ready"),
  model: nameSchema,
  alias: nameSchema,
  version: versionSchema,
  loadedAt: timestampSchema,
  selfTest: z.strictObject({ atLoad: selfTestSchema, now: selfTestSchema }),
  memory: z.strictObject({ wasmBytes: count, tensors: count }),
  /** Versions the alias pointed at that did not pass. */
  refused: z.array(refusalSchema),
  /** The version that is tried on a part of the traffic. */
  rollout: z.nullable(rolloutStateSchema),
  lastRollback: z.nullable(lastRollbackSchema),
});

/** The answer of `GET /health/ready` where a model serves. */
export type Readiness = z.infer<typeof readinessSchema>;
