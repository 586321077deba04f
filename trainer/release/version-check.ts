import { AppError } from "../../shared/contract/errors.ts";
import { type ModelManifest, manifestSchema } from "../../shared/contract/manifest.ts";
import { versionSchema } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith, parseWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { parseName } from "./alias.ts";

/** The manifest of a published version. */
export interface VersionManifest {
  readonly manifest: ModelManifest;
  readonly bytes: Uint8Array;
  readonly sha256: string;
}

/**
 * Reads the manifest of a version, which is written last: without it the version was never published.
 * @throws not_found when there is none, invalid_manifest when it is not valid or of another version
 */
export async function readVersionManifest(
  store: ObjectStore,
  model: string,
  version: string,
): Promise<VersionManifest> {
  const wanted = parseWith(versionSchema, version, `version ${JSON.stringify(version)}`);
  const found = await store.get(objectKeys.versionManifest(parseName(model), wanted));
  if (found.kind !== "found") {
    throw new AppError(
      "not_found",
      `version ${version} of model ${model} has no manifest, so it is not published; publish it first`,
    );
  }
  const what = `manifest of version ${version} of model ${model}`;
  const text = new TextDecoder().decode(found.bytes);
  const manifest = parseJsonWith(manifestSchema, text, what, "invalid_manifest");
  if (manifest.model !== model || manifest.version !== version) {
    throw new AppError(
      "invalid_manifest",
      `${what} is that of version ${manifest.version} of model ${manifest.model}; publish the version again`,
    );
  }
  return { manifest, bytes: found.bytes, sha256: await sha256Hex(found.bytes) };
}

/**
 * Makes sure that a published version is whole: its manifest and every file of it, byte for byte.
 * @throws not_found, invalid_manifest, integrity_mismatch
 */
export async function checkVersion(
  store: ObjectStore,
  model: string,
  version: string,
): Promise<VersionManifest> {
  const published = await readVersionManifest(store, model, version);
  for (const file of published.manifest.files) {
    const found = await store.get(objectKeys.versionFile(model, version, file.path));
    const what = `file ${file.path} of version ${version} of model ${model}`;
    if (found.kind !== "found") {
      throw new AppError("integrity_mismatch", `${what} is missing; publish the version again`);
    }
    if (found.bytes.length !== file.bytes || (await sha256Hex(found.bytes)) !== file.sha256) {
      throw new AppError(
        "integrity_mismatch",
        `${what} is not what its manifest says (${found.bytes.length} bytes, ${file.bytes} and ` +
          `SHA-256 ${file.sha256} expected); delete the version and publish it again`,
      );
    }
  }
  return published;
}
