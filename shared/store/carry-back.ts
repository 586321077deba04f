import {
  type AliasRecord,
  hasEndedRollout,
  parseAliasRecord,
  serializeAliasRecord,
} from "../contract/alias.ts";
import { isAppError } from "../contract/errors.ts";
import { objectKeys, parseModelKey } from "../contract/object-keys.ts";
import { listAll } from "./list-all.ts";
import type { ObjectStore } from "./object-store.ts";

/**
 * Brings rollbacks that Workers decided from the store they serve to the record, by compare-and-set.
 * Nothing but the end of a rollout comes back, and only of the very rollout the record still has: whatever else was
 * decided there meanwhile stands.
 * @param served where Workers read and write aliases
 * @param record where people and pipelines do
 * @returns the records as they were rewritten
 */
export async function carryBackRollbacks(served: ObjectStore, record: ObjectStore): Promise<AliasRecord[]> {
  const carried: AliasRecord[] = [];
  for await (const { key } of listAll(served, objectKeys.models())) {
    if (parseModelKey(key).kind !== "alias") continue;
    const ended = await readRecord(served, key);
    if (ended?.record.lastRollback === undefined) continue;
    const kept = await readRecord(record, key);
    if (kept === null || !hasEndedRollout(ended.record, kept.record)) continue;
    const { rollout: _, ...rest } = kept.record;
    const rewritten = { ...rest, lastRollback: ended.record.lastRollback };
    try {
      await record.put(key, serializeAliasRecord(rewritten), { ifMatch: kept.etag });
      carried.push(rewritten);
    } catch (error) {
      // somebody moved the alias just now: the next look decides anew
      if (!isAppError(error, "precondition_failed")) throw error;
    }
  }
  return carried;
}

async function readRecord(
  store: ObjectStore,
  key: string,
): Promise<{ readonly record: AliasRecord; readonly etag: string } | null> {
  const object = await store.get(key);
  if (object.kind !== "found") return null;
  try {
    return { record: parseAliasRecord(object.bytes, `alias ${key}`), etag: object.info.etag };
  } catch (error) {
    // the copy and the Worker report it
    if (isAppError(error, "invalid_manifest")) return null;
    throw error;
  }
}
