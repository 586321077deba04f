import {
  type AliasRecord,
  endRollout,
  type Rollout,
  type RolloutGuard,
} from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { readAlias } from "./alias.ts";
import { type AliasMove, moveAlias, promote, rollback } from "./promote.ts";
import { checkVersion } from "./version-check.ts";

/** A version that is to be tried on a part of the traffic. */
export interface RolloutRequest extends AliasMove {
  readonly version: string;
  /** 0..1, share of the callers that get the version. */
  readonly canaryFraction: number;
  /** Whether every image is classified by both versions, one of them unseen. */
  readonly shadow: boolean;
  readonly guard: RolloutGuard;
}

/**
 * Tries a published version beside the one that serves; asked again, it changes the shares of the same rollout.
 * @throws not_found when the alias serves nothing yet, invalid_argument when it serves this version already
 * @throws not_found, invalid_manifest or integrity_mismatch when the version is not whole, the alias unchanged
 */
export async function startRollout(store: ObjectStore, request: RolloutRequest): Promise<AliasRecord> {
  const { model, alias, version, canaryFraction, shadow, guard } = request;
  const { sha256 } = await checkVersion(store, model, version);
  return moveAlias(store, request, (current) => {
    const record = requireAlias(request, current?.record);
    if (record.version === version) {
      throw new AppError(
        "invalid_argument",
        `${version} serves all of ${alias} of model ${model} already; try another version`,
      );
    }
    const known = record.rollout;
    const isSame = known?.version === version && known.manifestSha256 === sha256;
    const startedAt = isSame ? known.startedAt : request.now().toISOString();
    const rollout: Rollout = { version, manifestSha256: sha256, canaryFraction, shadow, startedAt, guard };
    return { ...record, rollout, by: request.by };
  });
}

/** Lets the version that is being tried serve all. @throws not_found when none is; see {@link promote} */
export async function finishRollout(store: ObjectStore, move: AliasMove): Promise<AliasRecord> {
  const rollout = (await readAlias(store, move.model, move.alias))?.record.rollout;
  if (rollout !== undefined) return promote(store, { ...move, version: rollout.version });
  throw new AppError(
    "not_found",
    `alias ${move.alias} of model ${move.model} tries no version; name the one to promote`,
  );
}

/**
 * Takes back the last step: ends the rollout where there is one, else points the alias to its previous version.
 * @throws not_found, precondition_failed; see {@link rollback}
 */
export async function takeBack(store: ObjectStore, move: AliasMove): Promise<AliasRecord> {
  const seen = (await readAlias(store, move.model, move.alias))?.record.rollout;
  if (seen === undefined) return rollback(store, move);
  return moveAlias(store, move, (current) => {
    const record = requireAlias(move, current?.record);
    const isSame = record.rollout?.version === seen.version && record.rollout.startedAt === seen.startedAt;
    if (!isSame) return record;
    return endRollout(record, { reason: "taken back by hand", at: move.now().toISOString(), by: move.by });
  });
}

function requireAlias({ model, alias }: AliasMove, record: AliasRecord | undefined): AliasRecord {
  if (record !== undefined) return record;
  throw new AppError("not_found", `model ${model} has no alias ${alias}; promote a version first`);
}
