import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import {
  feedbackDay,
  type FeedbackRecord,
  imageEndings,
  parseFeedbackRecord,
} from "../../shared/contract/feedback.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { objectKeys, parseFeedbackKey } from "../../shared/contract/object-keys.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { LabelledFile } from "./class-folders.ts";

/** Where feedback is looked for. */
export interface FeedbackSource {
  readonly store: ObjectStore;
  readonly model: string;
}

/**
 * Brings the images that a person has reviewed and accepted from the store to files, under the labels they were given.
 * What waits for its review, was discarded, or is not what its record says stays where it is.
 * @param folder that keeps the files; each is named by its content
 */
export async function fetchFeedback(
  { store, model }: FeedbackSource,
  folder: string,
): Promise<LabelledFile[]> {
  const files: LabelledFile[] = [];
  await mkdir(folder, { recursive: true });
  for await (const { key } of listAll(store, objectKeys.feedback(model))) {
    if (parseFeedbackKey(key) === null) continue;
    const record = await readAccepted(store, key);
    if (record === null || record.label === null || record.image === null) continue;
    const { id, label, image } = record;
    const ending = imageEndings[image.format];
    const found = await store.get(objectKeys.feedbackImage(model, feedbackDay(id), id, ending));
    if (found.kind !== "found" || (await sha256Hex(found.bytes)) !== image.sha256) continue;
    const file = resolve(join(folder, `${image.sha256}.${ending}`));
    // named by its content, so whatever was cut short is written over by the same
    await writeFile(file, found.bytes);
    files.push({
      path: `feedback/${id}.${ending}`,
      range: { file, offset: 0, bytes: found.bytes.length },
      label,
      givenSplit: null,
    });
  }
  return files;
}

async function readAccepted(store: ObjectStore, key: string): Promise<FeedbackRecord | null> {
  const object = await store.get(key);
  if (object.kind !== "found") return null;
  try {
    const record = parseFeedbackRecord(object.bytes, key);
    return record.status === "accepted" ? record : null;
  } catch (error) {
    // one that is damaged must not keep the others back
    if (isAppError(error, "invalid_manifest")) return null;
    throw error;
  }
}
