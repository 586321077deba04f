import { objectKeys } from "../contract/object-keys.ts";
import { listAll } from "./list-all.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Keeps feedback alike in a store that Workers write and that does not last, and in the record: at the first call what
 * the record has goes there; then whatever is new, changed or deleted there comes back.
 * @param served where Workers keep feedback
 * @param record what lasts
 * @returns brings what changed since the call before; resolves with how many objects
 */
export function createFeedbackMirror(served: ObjectStore, record: ObjectStore): () => Promise<number> {
  /** By key, as they were when both were alike. */
  let known: Map<string, string> | null = null;
  return async () => {
    if (known === null) await copyAll(record, served);
    const before = known ?? new Map<string, string>();
    const isFirst = known === null;
    const now = new Map<string, string>();
    let changes = 0;
    for await (const { key, etag } of listAll(served, objectKeys.allFeedback())) {
      now.set(key, etag);
      if (isFirst || before.get(key) === etag) continue;
      const object = await served.get(key);
      if (object.kind !== "found") continue;
      await record.put(key, object.bytes);
      changes++;
    }
    for (const key of before.keys()) {
      if (now.has(key)) continue;
      await record.delete(key);
      changes++;
    }
    known = now;
    return changes;
  };
}

async function copyAll(from: ObjectStore, to: ObjectStore): Promise<void> {
  for await (const { key } of listAll(from, objectKeys.allFeedback())) {
    const object = await from.get(key);
    if (object.kind === "found") await to.put(key, object.bytes);
  }
}
