import * as z from "zod/mini";
import { metricsSchema } from "../../shared/contract/manifest.ts";
import { versionSchema } from "../../shared/contract/names.ts";

/** What `collect` brought from reviewed feedback. */
export const collectionSchema = z.strictObject({
  /** Images that are new in the dataset. */
  added: z.int(),
  /** The newest version afterwards, `null` where there is no dataset yet. */
  datasetVersion: z.nullable(z.string()),
});

/** What `inspect` found: whether there is something to train on. */
export const inspectionSchema = z.strictObject({
  decision: z.enum(["train", "reevaluate", "stop"]),
  /** For people. */
  reason: z.string(),
  datasetVersion: z.nullable(z.string()),
  images: z.int(),
  /** Images that the champion has not been trained or tested on. */
  newImages: z.int(),
  champion: z.nullable(versionSchema),
});

/** What `audit` found in the images themselves. */
export const auditSchema = z.strictObject({
  sound: z.boolean(),
  images: z.int(),
  faults: z.int(),
  /** For people: what speaks against training, or the first faults. */
  findings: z.array(z.string()),
});

/** What `train` left below the candidates of its run. */
export const trainingSchema = z.strictObject({
  version: versionSchema,
  top1Accuracy: z.number(),
  bundleBytes: z.int(),
});

const measuredVersionSchema = z.strictObject({
  version: versionSchema,
  /** On the frozen test split of the dataset. */
  test: metricsSchema,
  /** On the images that came since the champion was trained; `null` when there are none. */
  fresh: z.nullable(metricsSchema),
});

/** What `evaluate` measured. */
export const evaluationSchema = z.strictObject({
  champion: z.nullable(measuredVersionSchema),
  challenger: z.nullable(measuredVersionSchema),
  /** What the champion's manifest says of the day it was published, `null` when it was not evaluated then. */
  publishedAccuracy: z.nullable(z.number()),
});

/** What `gate` decided. */
export const gateResultSchema = z.strictObject({
  promote: z.boolean(),
  version: versionSchema,
  reasons: z.array(z.string()),
});

/** Whether the champion is as good as it was. */
export const qualitySchema = z.strictObject({
  version: versionSchema,
  accuracy: z.number(),
  /** Since it was published, at least 0. */
  drop: z.number(),
  wornOut: z.boolean(),
  text: z.string(),
});

/** A version with the digest by which aliases pin it. */
export const publicationSchema = z.strictObject({
  version: versionSchema,
  manifestSha256: z.string(),
});

/** What `start-canary` did. */
export const canarySchema = z.strictObject({
  /** `direct`: there is no champion, or the settings want no canary. */
  kind: z.enum(["canary", "direct"]),
  version: versionSchema,
  /** Seconds until the first look. */
  waitSeconds: z.int(),
});

/** What `guard` makes of the measurements. */
export const guardResultSchema = z.strictObject({
  verdict: z.enum(["wait", "promote", "roll-back"]),
  /** Looks so far, this one included. */
  looks: z.int(),
  reasons: z.array(z.string()),
});

/** What a release task did with the alias. */
export const promotionSchema = z.strictObject({
  version: z.nullable(versionSchema),
  /** The version that serves now. */
  serving: z.nullable(versionSchema),
});
