import { type AliasRecord, endRollout } from "../../shared/contract/alias.ts";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { readAlias, type StoredAlias, writeAlias } from "./alias.ts";
import { checkVersion } from "./version-check.ts";

/** Which alias is moved, by whom and when. */
export interface AliasMove {
  readonly model: string;
  readonly alias: string;
  /** Who or what moves it, e.g. `edgewise train`. */
  readonly by: string;
  readonly now: () => Date;
}

/** More losing attempts than this in a row mean that something moves the alias without end. */
const mostAttempts = 32;

/**
 * Points an alias to a published version, by compare-and-set; the old version becomes `previous`.
 * Of several promoters at once all succeed, one after the other. A rollout ends; promoting the version that serves does nothing else.
 * @throws not_found, invalid_manifest or integrity_mismatch when the version is not whole, the alias unmoved
 * @throws precondition_failed when the alias moved at every attempt
 */
export async function promote(
  store: ObjectStore,
  move: AliasMove & { readonly version: string },
): Promise<AliasRecord> {
  const { sha256 } = await checkVersion(store, move.model, move.version);
  return moveAlias(store, move, (current) => {
    const isServed = current?.record.version === move.version && current.record.manifestSha256 === sha256;
    if (!isServed) return moved(move, move.version, sha256, current);
    const reason = "the version that serves was promoted anew";
    return endRollout(current.record, { reason, at: move.now().toISOString(), by: move.by });
  });
}

/**
 * Points an alias back to its previous version, which must still be whole; rolling back again returns.
 * @throws not_found when the alias is not there or has no previous version
 * @throws precondition_failed when somebody else moved the alias meanwhile, since that move was not meant
 */
export async function rollback(store: ObjectStore, move: AliasMove): Promise<AliasRecord> {
  const seen = await readAlias(store, move.model, move.alias);
  const target = seen?.record.previous ?? null;
  if (seen === null || target === null) {
    throw new AppError(
      "not_found",
      seen === null
        ? `model ${move.model} has no alias ${move.alias}; promote a version first`
        : `alias ${move.alias} of model ${move.model} has no previous version; promote one by its name`,
    );
  }
  const { sha256 } = await checkVersion(store, move.model, target);
  return moveAlias(store, move, (current) => {
    if (current?.record.version !== seen.record.version || current.record.previous !== target) {
      throw new AppError(
        "precondition_failed",
        `alias ${move.alias} of model ${move.model} was moved from ${seen.record.version} to ` +
          `${current?.record.version ?? "nothing"} meanwhile; look at it and roll back again if that is still wanted`,
      );
    }
    return moved(move, target, sha256, current);
  });
}

function moved(
  move: AliasMove,
  version: string,
  manifestSha256: string,
  current: StoredAlias | null,
): AliasRecord {
  return {
    schemaVersion: 1,
    model: move.model,
    alias: move.alias,
    version,
    manifestSha256,
    previous: current?.record.version ?? null,
    promotedAt: move.now().toISOString(),
    by: move.by,
  };
}

/** Reads an alias, decides and writes until nobody else wrote in between. @throws precondition_failed when somebody always did */
export async function moveAlias(
  store: ObjectStore,
  move: AliasMove,
  decide: (current: StoredAlias | null) => AliasRecord,
): Promise<AliasRecord> {
  for (let attempt = 1; ; attempt++) {
    const current = await readAlias(store, move.model, move.alias);
    const next = decide(current);
    if (next === current?.record) return next;
    try {
      await writeAlias(store, next, current);
      return next;
    } catch (cause) {
      if (!isAppError(cause, "precondition_failed")) throw cause;
      if (attempt < mostAttempts) continue;
      throw new AppError(
        "precondition_failed",
        `alias ${move.alias} of model ${move.model} was moved by others ${mostAttempts} times in a row; try again`,
        { cause },
      );
    }
  }
}
