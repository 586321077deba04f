import type { Context } from "hono";
import * as z from "zod/mini";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import {
  type FeedbackRecord,
  feedbackStatuses,
  parseFeedbackRecord,
  reviewSchema,
} from "../../shared/contract/feedback.ts";
import { nameSchema } from "../../shared/contract/names.ts";
import { objectKeys, parseFeedbackKey } from "../../shared/contract/object-keys.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { AppEnvironment } from "../app-environment.ts";
import { parseJsonBody } from "../http/json-body.ts";
import { readBody } from "../http/read-body.ts";
import type { Services } from "../services.ts";
import { requireFeedback } from "./answer-feedback.ts";
import { changeFeedback, imageKeyOf, removeFeedback, removeImages } from "./feedback-shelf.ts";

type Handled = Context<AppEnvironment>;

/** Query parameters of `GET /feedback`. */
export const feedbackQuerySchema = z.object({
  model: z.optional(nameSchema),
  status: z.optional(z.enum(feedbackStatuses)),
  cursor: z.optional(z.string().check(z.maxLength(2000))),
});

/** Objects of the store that one page looks through: a record and its image are two. */
const pageObjects = 100;
const longestReview = 10_000;
const mostAttempts = 4;

/** `GET /feedback`: a page of what was sent or sampled, the oldest first. A page may be empty and not be the last. */
export async function listFeedback(context: Handled, services: Services): Promise<Response> {
  const { store, settings, clock } = services;
  const query = parseWith(feedbackQuerySchema, context.req.query(), "the query");
  const { model = settings.model, status = "quarantined", cursor } = query;
  const page = await store.list(objectKeys.feedback(model), {
    limit: pageObjects,
    ...(cursor === undefined ? {} : { cursor }),
  });
  const records = await Promise.all(page.objects.map(({ key }) => readRecord(services, key)));
  const now = clock();
  const items = records.filter(
    (record): record is FeedbackRecord =>
      record !== null &&
      record.status === status &&
      (status === "accepted" || Date.parse(record.expiresAt) > now),
  );
  context.header("cache-control", "no-store");
  return context.json({ items, ...(page.cursor === undefined ? {} : { cursor: page.cursor }) });
}

/** `GET /feedback/{id}/image`: the image as it is kept. @throws {AppError} not_found */
export async function readFeedbackImage(context: Handled, services: Services): Promise<Response> {
  const { record } = await requireFeedback(context, services);
  const object =
    record.image === null ? { kind: "missing" as const } : await services.store.get(imageKeyOf(record));
  if (object.kind !== "found" || record.image === null) {
    throw new AppError("not_found", "the image of this feedback is not kept");
  }
  context.header("content-type", `image/${record.image.format}`);
  context.header("cache-control", "private, no-store");
  context.header("x-content-type-options", "nosniff");
  return context.body(new Uint8Array(object.bytes));
}

/** `POST /feedback/{id}/review`: accepts it by its label or another one, or discards it with its image. */
export async function reviewFeedback(context: Handled, services: Services): Promise<Response> {
  const body = await readBody(context.req.raw, longestReview);
  const review = parseJsonBody(reviewSchema, body, '{"decision": "accept", "label": "cat"}');
  const reviewedAt = new Date(services.clock()).toISOString();
  for (let attempt = 1; ; attempt++) {
    const known = await requireFeedback(context, services);
    const decided = review.decision === "accept" ? accept(known.record, review.label) : discard(known.record);
    const record = { ...decided, reviewedAt };
    try {
      await changeFeedback(services.store, known, record);
    } catch (error) {
      // somebody changed it just now: the later decision stands
      if (isAppError(error, "precondition_failed") && attempt < mostAttempts) continue;
      throw error;
    }
    if (review.decision === "discard") await removeDiscarded(services, record);
    context.header("cache-control", "no-store");
    return context.json(record);
  }
}

function accept(record: FeedbackRecord, said: string | undefined): FeedbackRecord {
  const label = said ?? record.label;
  if (label === null) {
    throw new AppError("invalid_argument", "nobody said what this image shows; accept it with a label");
  }
  if (record.image === null) {
    throw new AppError("invalid_argument", "this feedback has no image to learn from; discard it");
  }
  return { ...record, label, status: "accepted" };
}

function discard(record: FeedbackRecord): FeedbackRecord {
  return { ...record, image: null, status: "discarded" };
}

/** Deletes the image, and the record, too, where it was kept past its day since it was accepted. */
async function removeDiscarded({ store, clock }: Services, record: FeedbackRecord): Promise<void> {
  await (Date.parse(record.expiresAt) > clock() ? removeImages : removeFeedback)(store, record);
}

/** A record of a listing, `null` for an image, and where it went away or is broken. */
async function readRecord({ store, log }: Services, key: string): Promise<FeedbackRecord | null> {
  if (parseFeedbackKey(key) === null) return null;
  const object = await store.get(key);
  if (object.kind !== "found") return null;
  try {
    return parseFeedbackRecord(object.bytes, key);
  } catch (error) {
    if (!isAppError(error, "invalid_manifest")) throw error;
    log({ level: "warn", event: "feedback-not-read", key, reason: String(error) });
    return null;
  }
}
