import { AppError } from "../contract/errors.ts";
import { manifestSchema, type BundleFile, type ModelManifest } from "../contract/manifest.ts";
import { objectKeys } from "../contract/object-keys.ts";
import { parseJsonWith } from "../contract/parse.ts";
import type { ObjectStore } from "./object-store.ts";
import { putOnce } from "./put-once.ts";
import { sha256Hex } from "./sha256.ts";

/** Which version of which model. */
export interface VersionName {
  readonly model: string;
  readonly version: string;
}

/**
 * Copies one published version from one store to another, its manifest last.
 * Files that `to` has from a copy that was cut short are kept when they are right.
 * @returns bytes of the version's files, the manifest included
 * @throws {AppError} invalid_manifest, integrity_mismatch, not_found, already_exists when `to` has other bytes
 */
export async function copyVersion(from: ObjectStore, to: ObjectStore, name: VersionName): Promise<number> {
  const manifestKey = objectKeys.versionManifest(name.model, name.version);
  const manifestBytes = await readObject(from, manifestKey);
  const manifest = parseManifest(manifestBytes, manifestKey, name);
  for (const file of manifest.files) await copyFile(from, to, name, file);
  await putOnce(to, manifestKey, manifestBytes, await sha256Hex(manifestBytes));
  return manifest.files.reduce((sum, file) => sum + file.bytes, manifestBytes.length);
}

function parseManifest(bytes: Uint8Array, key: string, name: VersionName): ModelManifest {
  const text = new TextDecoder().decode(bytes);
  const manifest = parseJsonWith(manifestSchema, text, `manifest ${key}`, "invalid_manifest");
  if (manifest.model === name.model && manifest.version === name.version) return manifest;
  throw new AppError(
    "invalid_manifest",
    `manifest ${key} says it is version ${manifest.version} of model ${manifest.model}; publish the version again`,
  );
}

async function copyFile(
  from: ObjectStore,
  to: ObjectStore,
  name: VersionName,
  file: BundleFile,
): Promise<void> {
  const key = objectKeys.versionFile(name.model, name.version, file.path);
  const known = await to.get(key);
  if (known.kind === "found" && (await sha256Hex(known.bytes)) === file.sha256) return;
  const bytes = await readObject(from, key);
  await putOnce(to, key, bytes, file.sha256);
}

async function readObject(store: ObjectStore, key: string): Promise<Uint8Array> {
  const object = await store.get(key);
  if (object.kind === "found") return object.bytes;
  throw new AppError("not_found", `object ${key} of a published version is missing; publish it again`, {
    details: { key },
  });
}
