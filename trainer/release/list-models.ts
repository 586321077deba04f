import type { AliasRecord } from "../../shared/contract/alias.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { objectKeys, parseModelKey } from "../../shared/contract/object-keys.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { parseName, readAlias } from "./alias.ts";
import { readVersionManifest } from "./version-check.ts";

/** A version in the store; `reason` says why it is not usable. */
export type ListedVersion = {
  readonly version: string;
  /** Bytes of all its objects. */
  readonly sizeBytes: number;
} & (
  | { readonly usable: true; readonly manifest: ModelManifest; readonly manifestSha256: string }
  | { readonly usable: false; readonly reason: string }
);

/** An alias in the store; `reason` says why it is not usable. */
export type ListedAlias =
  | { readonly alias: string; readonly usable: true; readonly record: AliasRecord }
  | { readonly alias: string; readonly usable: false; readonly reason: string };

/** A model with its versions, newest first, and aliases in order of their names. */
export interface ListedModel {
  readonly model: string;
  readonly versions: readonly ListedVersion[];
  readonly aliases: readonly ListedAlias[];
}

/** What a listing of keys says of one model. */
interface ModelObjects {
  /** Sizes by file, by version. */
  readonly versions: Map<string, Map<string, number>>;
  readonly aliases: string[];
}

/**
 * The models of a store. A version counts as usable when its manifest is valid and every file of it is there in
 * the right size; digests are left to promotion and to the Worker.
 * @param model only this one, all when absent
 */
export async function listModels(store: ObjectStore, model?: string): Promise<ListedModel[]> {
  const prefix = model === undefined ? objectKeys.models() : `${objectKeys.models()}${parseName(model)}/`;
  const models = new Map<string, ModelObjects>();
  for await (const object of listAll(store, prefix)) noteObject(models, object.key, object.sizeBytes);
  const listed: ListedModel[] = [];
  for (const [name, objects] of models) listed.push(await describeModel(store, name, objects));
  return listed;
}

function noteObject(models: Map<string, ModelObjects>, key: string, sizeBytes: number): void {
  const parsed = parseModelKey(key);
  if (parsed.kind === "other") return;
  const objects: ModelObjects = models.get(parsed.model) ?? { versions: new Map(), aliases: [] };
  models.set(parsed.model, objects);
  if (parsed.kind === "alias") {
    objects.aliases.push(parsed.alias);
    return;
  }
  const sizes = objects.versions.get(parsed.version) ?? new Map<string, number>();
  objects.versions.set(parsed.version, sizes);
  sizes.set(parsed.file, sizeBytes);
}

async function describeModel(store: ObjectStore, model: string, objects: ModelObjects): Promise<ListedModel> {
  const versions: ListedVersion[] = [];
  for (const [version, sizes] of objects.versions) {
    versions.push(await describeVersion(store, model, version, sizes));
  }
  versions.sort((a, b) => (a.version < b.version ? 1 : -1));
  const aliases: ListedAlias[] = [];
  for (const alias of objects.aliases) aliases.push(await describeAlias(store, model, alias, versions));
  return { model, versions, aliases };
}

async function describeVersion(
  store: ObjectStore,
  model: string,
  version: string,
  sizes: ReadonlyMap<string, number>,
): Promise<ListedVersion> {
  const sizeBytes = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  const unusable = (reason: string): ListedVersion => ({ version, sizeBytes, usable: false, reason });
  if (!sizes.has("manifest.json")) return unusable("its manifest is missing: publishing did not finish");
  try {
    const { manifest, sha256 } = await readVersionManifest(store, model, version);
    const wrong = manifest.files.find((file) => sizes.get(file.path) !== file.bytes);
    if (wrong === undefined) {
      return { version, sizeBytes, usable: true, manifest, manifestSha256: sha256 };
    }
    const size = sizes.get(wrong.path);
    return unusable(
      size === undefined
        ? `file ${wrong.path} is missing`
        : `file ${wrong.path} has ${size} bytes, ${wrong.bytes} expected`,
    );
  } catch (error) {
    if (isAppError(error)) return unusable(error.message);
    throw error;
  }
}

async function describeAlias(
  store: ObjectStore,
  model: string,
  alias: string,
  versions: readonly ListedVersion[],
): Promise<ListedAlias> {
  const unusable = (reason: string): ListedAlias => ({ alias, usable: false, reason });
  try {
    const stored = await readAlias(store, model, alias);
    if (stored === null) return unusable("it was removed while it was listed");
    const { record } = stored;
    const version = versions.find((entry) => entry.version === record.version);
    if (version === undefined) return unusable(`its version ${record.version} is missing`);
    if (!version.usable) return unusable(`its version ${record.version} is not usable: ${version.reason}`);
    if (version.manifestSha256 === record.manifestSha256) return { alias, usable: true, record };
    return unusable(`the manifest of its version ${record.version} is not the one that was promoted`);
  } catch (error) {
    if (isAppError(error)) return unusable(error.message);
    throw error;
  }
}
