import * as z from "zod/mini";
import { cameraConfigSchema, cameraIdSchema, siteSchema } from "./camera.ts";
import { cameraEventSchema } from "./camera-event.ts";
import { predictionSchema } from "./prediction.ts";
import { timestampSchema } from "./names.ts";
import { problemSchema } from "./problem.ts";

/** A camera, as the API tells of it: no token, no hash. */
export const cameraSchema = z.strictObject({
  id: cameraIdSchema,
  site: siteSchema,
  config: cameraConfigSchema,
  /** Rises with every change of the configuration. */
  revision: z.int(),
  createdAt: timestampSchema,
  tokens: z.array(
    z.strictObject({ id: z.string(), createdAt: timestampSchema, expiresAt: z.nullable(timestampSchema) }),
  ),
  state: z.strictObject({
    label: z.nullable(z.string()),
    since: z.nullable(timestampSchema),
    probability: z.number(),
  }),
  health: z.strictObject({
    lastSeenAt: z.nullable(timestampSchema),
    framesPerSecond: z.nullable(z.number()),
    faults: z.array(z.enum(["offline", "frozen", "black", "blurred", "tampered"])),
  }),
});

/** A camera, as the API tells of it. */
export type Camera = z.infer<typeof cameraSchema>;

/** A token, told once. */
export const cameraTokenSchema = z.strictObject({
  camera: cameraIdSchema,
  /** Also the password of Basic authentication. */
  token: z.string(),
  /** Where the camera posts. */
  path: z.string(),
});

/** What became of one frame. */
export const frameAnswerSchema = z.strictObject({
  /** Whether it was classified, or took over the classification of a frame that it equals, or counts for nothing. */
  outcome: z.enum(["classified", "reused", "dropped", "skipped", "failed"]),
  /** Why it was dropped or skipped. */
  reason: z.optional(
    z.enum(["late", "out_of_order", "duplicate", "schedule", "sampling", "burst", "rate", "deleted"]),
  ),
  predictions: z.optional(z.array(predictionSchema)),
  unknown: z.optional(z.boolean()),
  problem: z.optional(problemSchema),
});

/** What became of one frame. */
export type FrameAnswer = z.infer<typeof frameAnswerSchema>;

/** The answer to a post with a valid token, whatever it held. */
export const framesAnswerSchema = z.strictObject({
  /** What some vendors look for. */
  result: z.literal(true),
  camera: cameraIdSchema,
  /** State of the camera now, `null` while it is unknown. */
  state: z.nullable(z.string()),
  /** One for each image, in the order they were sent. */
  frames: z.array(frameAnswerSchema),
  /** Events that these frames made. */
  events: z.array(cameraEventSchema),
  requestId: z.string(),
});

/** The answer to a post with a valid token. */
export type FramesAnswer = z.infer<typeof framesAnswerSchema>;

/** A frame of the last ones of a camera. */
export const recentFrameSchema = z.strictObject({
  at: timestampSchema,
  outcome: z.enum(["classified", "reused"]),
  verdict: z.enum(["counted", "late", "out_of_order", "duplicate"]),
  predictions: z.array(predictionSchema),
  unknown: z.boolean(),
  /** What it voted for, after the label map. */
  vote: z.nullable(z.string()),
  probability: z.number(),
  /** State of the camera after it. */
  state: z.nullable(z.string()),
  luma: z.number(),
  sharpness: z.number(),
  /** Number under which its picture can be had while somebody watches, `null` without. */
  picture: z.nullable(z.int()),
});

/** A frame of the last ones of a camera. */
export type RecentFrame = z.infer<typeof recentFrameSchema>;

/** A webhook of a site, without its secret. */
export const webhookSchema = z.strictObject({
  id: z.string(),
  url: z.string(),
  cameras: z.nullable(z.array(cameraIdSchema)),
  createdAt: timestampSchema,
});

/** A webhook of a site, without its secret. */
export type Webhook = z.infer<typeof webhookSchema>;

/** A delivery that was not made yet, or given up. */
export const deliverySchema = z.strictObject({
  event: z.uuid(),
  webhook: z.string(),
  status: z.enum(["pending", "dead"]),
  attempts: z.int(),
  nextAt: z.nullable(timestampSchema),
  lastError: z.nullable(z.string()),
});

/** A delivery that was not made yet, or given up. */
export type Delivery = z.infer<typeof deliverySchema>;
