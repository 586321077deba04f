import {
  endRollout,
  parseAliasRecord,
  type Rollout,
  serializeAliasRecord,
} from "../../shared/contract/alias.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** Whom the alias's record names. */
const actor = "edgewise worker";

/** Losing more often than this in a row is left to the next attempt. */
const mostAttempts = 4;

/**
 * Takes one rollout out of an alias's record by compare-and-set, and writes why.
 * @param at ISO 8601
 * @returns whether this call ended it; `false` where it was over already or the alias moved on
 * @throws precondition_failed, store_unavailable, invalid_manifest: the rollout may still be on
 */
export async function endStoredRollout(
  store: ObjectStore,
  { model, alias }: { readonly model: string; readonly alias: string },
  rollout: Rollout,
  { reason, at }: { readonly reason: string; readonly at: string },
): Promise<boolean> {
  const key = objectKeys.alias(model, alias);
  for (let attempt = 1; ; attempt++) {
    const object = await store.get(key);
    if (object.kind !== "found") return false;
    const record = parseAliasRecord(object.bytes, `alias ${alias} of ${model}`);
    const { version, startedAt } = record.rollout ?? {};
    if (version !== rollout.version || startedAt !== rollout.startedAt) return false;
    const ended = endRollout(record, { reason, at, by: actor });
    try {
      await store.put(key, serializeAliasRecord(ended), { ifMatch: object.info.etag });
      return true;
    } catch (error) {
      if (!isAppError(error, "precondition_failed") || attempt === mostAttempts) throw error;
    }
  }
}
