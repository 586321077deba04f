import {
  feedbackDay,
  type FeedbackRecord,
  feedbackIdSchema,
  imageEndings,
  parseFeedbackRecord,
} from "../../shared/contract/feedback.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import * as z from "zod/mini";

/** A record with the etag by which it may be changed. */
export interface ShelvedFeedback {
  readonly record: FeedbackRecord;
  readonly etag: string;
}

/**
 * The id of what comes with a request. The same request of the same caller gives the same id, so that feedback finds
 * the image that was sampled; who does not know both cannot tell it.
 * @param who id of the API key, empty where none is needed
 * @param day `yyyymmdd`
 */
export async function feedbackIdOf(
  who: string,
  requestId: string,
  index: number,
  day: string,
): Promise<string> {
  const digest = await sha256Hex(new TextEncoder().encode(`feedback\n${who}\n${requestId}\n${index}`));
  return `${day}-${digest.slice(0, 32)}`;
}

/** A UTC day as `yyyymmdd`. @param at milliseconds since 1970 */
export function compactDay(at: number): string {
  return new Date(at).toISOString().slice(0, 10).replaceAll("-", "");
}

/** Reads a record, `null` where there is none of that id. */
export async function findFeedback(
  store: ObjectStore,
  model: string,
  id: string,
): Promise<ShelvedFeedback | null> {
  if (!z.safeParse(feedbackIdSchema, id).success) return null;
  const object = await store.get(objectKeys.feedbackRecord(model, feedbackDay(id), id));
  if (object.kind !== "found") return null;
  return { record: parseFeedbackRecord(object.bytes, `feedback ${id}`), etag: object.info.etag };
}

/**
 * Writes a new record, its image first: a record always has the image it tells of.
 * @throws {AppError} precondition_failed where the id is taken
 */
export async function shelveFeedback(
  store: ObjectStore,
  record: FeedbackRecord,
  image: Uint8Array | null,
): Promise<void> {
  const key = objectKeys.feedbackRecord(record.model, feedbackDay(record.id), record.id);
  if ((await store.head(key)) !== null) {
    throw new AppError("precondition_failed", `there is feedback of the id ${record.id} already`);
  }
  if (image !== null && record.image !== null) await store.put(imageKeyOf(record), image);
  await store.put(key, encode(record), { ifNoneMatch: "*" });
}

/** Replaces a record. @throws {AppError} precondition_failed where somebody else changed it meanwhile */
export async function changeFeedback(
  store: ObjectStore,
  { etag }: ShelvedFeedback,
  record: FeedbackRecord,
): Promise<void> {
  const key = objectKeys.feedbackRecord(record.model, feedbackDay(record.id), record.id);
  await store.put(key, encode(record), { ifMatch: etag });
}

/** Deletes a record with its image, the image first: what is left of a failure can be deleted again. */
export async function removeFeedback(store: ObjectStore, record: FeedbackRecord): Promise<void> {
  await removeImages(store, record);
  await store.delete(objectKeys.feedbackRecord(record.model, feedbackDay(record.id), record.id));
}

/** Deletes the image of a record, in whatever format it is. */
export async function removeImages(store: ObjectStore, { model, id }: FeedbackRecord): Promise<void> {
  for (const ending of Object.values(imageEndings)) {
    await store.delete(objectKeys.feedbackImage(model, feedbackDay(id), id, ending));
  }
}

/** The key of a record's image; the record says its format. */
export function imageKeyOf({ model, id, image }: FeedbackRecord): string {
  return objectKeys.feedbackImage(model, feedbackDay(id), id, imageEndings[image?.format ?? "jpeg"]);
}

function encode(record: FeedbackRecord): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(record));
}
