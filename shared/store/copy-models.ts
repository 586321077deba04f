import { type AliasRecord, hasEndedRollout, parseAliasRecord } from "../contract/alias.ts";
import { AppError, isAppError } from "../contract/errors.ts";
import { objectKeys, parseModelKey } from "../contract/object-keys.ts";
import { copyVersion, type VersionName } from "./copy-version.ts";
import { listAll } from "./list-all.ts";
import type { ObjectStore } from "./object-store.ts";
import { sha256Hex } from "./sha256.ts";

/** One thing that a copy brought to the other store. */
export type CopiedItem =
  | ({ readonly kind: "version"; readonly sizeBytes: number } & VersionName)
  | ({ readonly kind: "alias"; readonly alias: string } & VersionName);

/** What a copy did; one faulty version or alias does not keep the others back. */
export interface CopyReport {
  /** New in the other store, in the order they were written. */
  readonly copied: readonly CopiedItem[];
  /** What stayed behind: the key of its manifest or alias, and why. */
  readonly faults: readonly { readonly key: string; readonly error: AppError }[];
}

/** Options of {@link copyModels}. */
export interface CopyOptions {
  /** Copy only this model; else all. */
  readonly model?: string;
  /** Called after each thing that was written. */
  readonly onCopied?: (item: CopiedItem) => void;
}

/**
 * Copies published versions, and then the aliases that point to them, from one store to another.
 * Of a version the manifest is written last, and of everything the aliases, so that a reader of `to` meets whole versions
 * only, at whatever moment the copy stops. Every file is checked against the SHA-256 its manifest tells. What `to` has
 * already is left alone: call it again to bring what was published since.
 */
export async function copyModels(
  from: ObjectStore,
  to: ObjectStore,
  options: CopyOptions = {},
): Promise<CopyReport> {
  const prefix =
    options.model === undefined ? objectKeys.models() : `${objectKeys.models()}${options.model}/`;
  const copied: CopiedItem[] = [];
  const faults: { key: string; error: AppError }[] = [];

  async function attempt(key: string, copy: () => Promise<CopiedItem | null>): Promise<void> {
    try {
      const item = await copy();
      if (item === null) return;
      copied.push(item);
      options.onCopied?.(item);
    } catch (error) {
      if (!isAppError(error)) throw error;
      faults.push({ key, error });
    }
  }

  // Aliases are read before the versions are listed: every version they name was complete by then.
  const aliases = await readAliases(from, prefix);
  const present = new Map<string, number>();
  for await (const object of listAll(to, prefix)) present.set(object.key, object.sizeBytes);
  for await (const object of listAll(from, prefix)) {
    const name = versionOfManifest(object.key);
    if (name === null || present.get(object.key) === object.sizeBytes) continue;
    await attempt(object.key, async () => {
      const sizeBytes = await copyVersion(from, to, name);
      return { kind: "version", ...name, sizeBytes };
    });
  }
  for (const { key, bytes } of aliases) await attempt(key, () => copyAlias(to, key, bytes));
  return { copied, faults };
}

interface AliasObject {
  readonly key: string;
  readonly bytes: Uint8Array;
}

async function readAliases(from: ObjectStore, prefix: string): Promise<AliasObject[]> {
  const aliases: AliasObject[] = [];
  for await (const { key } of listAll(from, prefix)) {
    if (parseModelKey(key).kind !== "alias") continue;
    const object = await from.get(key);
    if (object.kind === "found") aliases.push({ key, bytes: object.bytes });
  }
  return aliases;
}

function versionOfManifest(key: string): VersionName | null {
  const parsed = parseModelKey(key);
  if (parsed.kind !== "version-file" || parsed.file !== "manifest.json") return null;
  return { model: parsed.model, version: parsed.version };
}

async function copyAlias(to: ObjectStore, key: string, bytes: Uint8Array): Promise<CopiedItem | null> {
  const record = parseAliasRecord(bytes, `alias ${key}`);
  if (key !== objectKeys.alias(record.model, record.alias)) {
    throw new AppError(
      "invalid_manifest",
      `alias ${key} says it is ${record.alias} of model ${record.model}; promote again to write it anew`,
    );
  }
  const known = await to.get(key);
  if (known.kind === "found") {
    if ((await sha256Hex(known.bytes)) === (await sha256Hex(bytes))) return null;
    if (isEnded(known.bytes, record)) return null;
  }
  await checkTargets(to, record);
  await to.put(key, bytes, known.kind === "found" ? { ifMatch: known.info.etag } : { ifNoneMatch: "*" });
  return { kind: "alias", model: record.model, alias: record.alias, version: record.version };
}

/** Whether a Worker ended the rollout that `record` still has: it comes back to `from`, see carry-back.ts. */
function isEnded(knownBytes: Uint8Array, record: AliasRecord): boolean {
  try {
    return hasEndedRollout(parseAliasRecord(knownBytes, "alias"), record);
  } catch (error) {
    // a broken record is written over
    if (isAppError(error, "invalid_manifest")) return false;
    throw error;
  }
}

/** Refuses an alias that would point to a version which `to` lacks or has otherwise. */
async function checkTargets(to: ObjectStore, record: AliasRecord): Promise<void> {
  for (const target of [record, ...(record.rollout === undefined ? [] : [record.rollout])]) {
    const key = objectKeys.versionManifest(record.model, target.version);
    const manifest = await to.get(key);
    const sha256 = manifest.kind === "found" ? await sha256Hex(manifest.bytes) : "missing";
    if (sha256 === target.manifestSha256) continue;
    throw new AppError(
      "integrity_mismatch",
      `alias ${record.alias} of model ${record.model} points to ${key} with SHA-256 ${target.manifestSha256}, got ${sha256}; publish the version again or promote another`,
      { details: { key, expected: target.manifestSha256, actual: sha256 } },
    );
  }
}
