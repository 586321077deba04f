import { parseFeedbackRecord } from "../../shared/contract/feedback.ts";
import { objectKeys, parseFeedbackKey } from "../../shared/contract/object-keys.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log } from "../ports.ts";
import { removeFeedback } from "./feedback-shelf.ts";

/** A Worker may ask its store so often in one go; the rest is left to the next day. */
const mostRecords = 400;

/** Deletes feedback that is past its day, unless it was accepted. @returns how many pieces */
export async function expireFeedback({
  store,
  clock,
  log,
}: {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly log: Log;
}): Promise<number> {
  const now = clock();
  let looked = 0;
  let deleted = 0;
  for await (const { key } of listAll(store, objectKeys.allFeedback())) {
    if (parseFeedbackKey(key) === null) continue;
    if (looked++ === mostRecords) break;
    const object = await store.get(key);
    if (object.kind !== "found") continue;
    try {
      const record = parseFeedbackRecord(object.bytes, key);
      if (record.status === "accepted" || Date.parse(record.expiresAt) > now) continue;
      await removeFeedback(store, record);
      deleted++;
    } catch (error) {
      log({ level: "warn", event: "feedback-not-expired", key, reason: String(error) });
    }
  }
  log({ level: "info", event: "feedback-expired", deleted, looked });
  return deleted;
}
