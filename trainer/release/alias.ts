import * as z from "zod/mini";
import { type AliasRecord, parseAliasRecord, serializeAliasRecord } from "../../shared/contract/alias.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** An alias as it stands, with the etag by which it may be moved. */
export interface StoredAlias {
  readonly record: AliasRecord;
  readonly etag: string;
}

/**
 * Reads an alias, `null` where it was never promoted.
 * @throws invalid_manifest when the record is not valid or names another model or alias
 */
export async function readAlias(
  store: ObjectStore,
  model: string,
  alias: string,
): Promise<StoredAlias | null> {
  const found = await store.get(objectKeys.alias(parseName(model), parseName(alias)));
  if (found.kind !== "found") return null;
  const what = `alias ${alias} of model ${model}`;
  const record = parseAliasRecord(found.bytes, what);
  if (record.model !== model || record.alias !== alias) {
    throw new AppError(
      "invalid_manifest",
      `${what} holds the record of alias ${record.alias} of model ${record.model}; promote a version again`,
    );
  }
  return { record, etag: found.info.etag };
}

/**
 * Writes an alias only if it still is what it was when `previous` was read.
 * @throws precondition_failed when somebody else moved it meanwhile
 */
export async function writeAlias(
  store: ObjectStore,
  record: AliasRecord,
  previous: StoredAlias | null,
): Promise<void> {
  const condition = previous === null ? { ifNoneMatch: "*" as const } : { ifMatch: previous.etag };
  await store.put(objectKeys.alias(record.model, record.alias), serializeAliasRecord(record), condition);
}

/** A version as a caller named it. */
export interface ResolvedVersion {
  readonly version: string;
  /** What the alias pins; `null` when the version was named itself. */
  readonly manifestSha256: string | null;
}

/**
 * The version that `reference` names: itself when it is a version, else the one its alias points to.
 * @throws not_found when there is no such alias
 */
export async function resolveVersion(
  store: ObjectStore,
  model: string,
  reference: string,
): Promise<ResolvedVersion> {
  if (z.safeParse(versionSchema, reference).success) return { version: reference, manifestSha256: null };
  const alias = await readAlias(store, model, reference);
  if (alias !== null) return alias.record;
  throw new AppError(
    "not_found",
    `model ${model} has no alias ${reference}; list what there is, or name a version like 20260131T235959Z-0a1b2c3d`,
  );
}

/** @throws invalid_argument when `name` cannot be a part of a key */
export function parseName(name: string): string {
  return parseWith(nameSchema, name, `name ${JSON.stringify(name)}`);
}
