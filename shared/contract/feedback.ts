import * as z from "zod/mini";
import { predictionSchema } from "./prediction.ts";
import { nameSchema, sha256Schema, timestampSchema, versionSchema } from "./names.ts";
import { parseJsonWith } from "./parse.ts";

/** Id of one piece of feedback: the UTC day it came, then 32 hex digits that nobody guesses. */
export const feedbackIdSchema = z
  .string()
  .check(z.regex(/^\d{8}-[0-9a-f]{32}$/, "must look like 20260131-0123456789abcdef0123456789abcdef"));

/** Why an image was kept: a person sent it, or the answer to it was one to learn from. */
export const feedbackSources = ["feedback", "uncertain", "unknown", "disagreement"] as const;

/** Why an image was kept. */
export type FeedbackSource = (typeof feedbackSources)[number];

/** What became of it: nothing leaves quarantine but by a person's decision. */
export const feedbackStatuses = ["quarantined", "accepted", "discarded"] as const;

/** What became of a piece of feedback. */
export type FeedbackStatus = (typeof feedbackStatuses)[number];

const labelSchema = z
  .string("must be text")
  .check(z.minLength(1, "must not be empty"), z.maxLength(200, "must be 200 characters or fewer"));

/** Ends of the names of kept images. */
export const imageEndings = { jpeg: "jpg", png: "png", webp: "webp" } as const;

/** One piece of feedback as it is kept, `feedback/<model>/<yyyy-mm-dd>/<id>.json`. */
export const feedbackRecordSchema = z.strictObject({
  schemaVersion: z.literal(1),
  id: feedbackIdSchema,
  model: nameSchema,
  source: z.enum(feedbackSources),
  status: z.enum(feedbackStatuses),
  /** What somebody says it shows, then what the review says; `null` where nobody has said. */
  label: z.nullable(labelSchema),
  /** What the model said, `null` where it was not asked. */
  answer: z.nullable(
    z.strictObject({
      version: versionSchema,
      /** `null` where it gave none. */
      top: z.nullable(predictionSchema),
      unknown: z.boolean(),
    }),
  ),
  /** The image without its metadata, beside the record; `null` where nobody consented to keep it. */
  image: z.nullable(
    z.strictObject({
      format: z.enum(["jpeg", "png", "webp"]),
      bytes: z.int().check(z.gt(0)),
      sha256: sha256Schema,
      perceptualHash: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
    }),
  ),
  /** Of the API key that brought it, `null` where none was needed. */
  keyId: z.nullable(z.string()),
  createdAt: timestampSchema,
  /** Deleted after this, unless it was accepted. */
  expiresAt: timestampSchema,
  reviewedAt: z.optional(timestampSchema),
});

/** One piece of feedback as it is kept. */
export type FeedbackRecord = z.infer<typeof feedbackRecordSchema>;

/** The JSON body of `POST /feedback`. */
export const feedbackRequestSchema = z.strictObject({
  /** What the image shows. */
  label: labelSchema,
  /** Whether the image may be kept to learn from. */
  consent: z.boolean("must be true or false"),
  model: z.optional(nameSchema),
  /** Of the answer that was wrong or right; found where its image was sampled. */
  requestId: z.optional(z.string().check(z.minLength(1), z.maxLength(64))),
  /** Which image of that request, from 0. */
  index: z.optional(z.int().check(z.gte(0), z.lte(15))),
  /** Base64, or a data URI of it. */
  image: z.optional(z.string("must be text: base64, or a data URI of it")),
});

/** The JSON body of `POST /feedback`. */
export type FeedbackRequest = z.infer<typeof feedbackRequestSchema>;

/** The answer of `POST /feedback`. */
export const feedbackReceiptSchema = z.strictObject({
  id: feedbackIdSchema,
  status: z.enum(feedbackStatuses),
  /** Whether the image is kept. */
  kept: z.boolean(),
  expiresAt: timestampSchema,
});

/** The answer of `GET /feedback`. */
export const feedbackPageSchema = z.strictObject({
  items: z.array(feedbackRecordSchema),
  /** Asks for the next page; absent on the last. */
  cursor: z.optional(z.string()),
});

/** The body of `POST /feedback/{id}/review`. */
export const reviewSchema = z.discriminatedUnion("decision", [
  /** It is what `label` says, or else what it was said to be. */
  z.strictObject({ decision: z.literal("accept"), label: z.optional(labelSchema) }),
  /** The image is deleted. */
  z.strictObject({ decision: z.literal("discard") }),
]);

/** Reads a stored record. @param what names it in the message @throws {AppError} invalid_manifest */
export function parseFeedbackRecord(bytes: Uint8Array, what: string): FeedbackRecord {
  return parseJsonWith(feedbackRecordSchema, new TextDecoder().decode(bytes), what, "invalid_manifest");
}

/** The folder of an id: the day it begins with, as `yyyy-mm-dd`. */
export function feedbackDay(id: string): string {
  return `${id.slice(0, 4)}-${id.slice(4, 6)}-${id.slice(6, 8)}`;
}
