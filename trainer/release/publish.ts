import { AppError } from "../../shared/contract/errors.ts";
import { type ModelManifest, manifestSchema } from "../../shared/contract/manifest.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { putOnce } from "../../shared/store/put-once.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { FileBytes } from "./model-files.ts";

/** A version ready to be published. */
export interface UnpublishedVersion {
  readonly manifest: ModelManifest;
  /** Every file of the manifest. */
  readonly files: readonly FileBytes[];
}

/** What publishing did. */
export interface PublishedVersion {
  readonly model: string;
  readonly version: string;
  readonly manifestSha256: string;
  /** Bytes of all files and the manifest. */
  readonly sizeBytes: number;
  /** Objects that were there already, byte for byte, from an earlier attempt. */
  readonly kept: number;
}

/** The bytes of manifest.json; the same manifest gives the same bytes. */
export function encodeManifest(manifest: ModelManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest)}\n`);
}

/**
 * Writes an immutable version: its files, then its manifest, so that a crash leaves nothing that looks whole.
 * Publishing the same version again completes what an earlier attempt left.
 * @param onObject called after each object with the number done and of all
 * @throws invalid_manifest when files and manifest disagree, already_exists when the version holds other bytes
 */
export async function publishVersion(
  store: ObjectStore,
  version: UnpublishedVersion,
  onObject: (done: number, total: number) => void = () => undefined,
): Promise<PublishedVersion> {
  const what = `manifest of version ${version.manifest.version}`;
  const manifest = parseWith(manifestSchema, version.manifest, what, "invalid_manifest");
  await checkFiles(manifest, version.files);
  const manifestFile = { path: "manifest.json", bytes: encodeManifest(manifest) };
  const objects = [...version.files, manifestFile];
  let kept = 0;
  for (const [index, file] of objects.entries()) {
    const key = objectKeys.versionFile(manifest.model, manifest.version, file.path);
    const outcome = await putOnce(store, key, file.bytes, await sha256Hex(file.bytes));
    kept += outcome === "kept" ? 1 : 0;
    onObject(index + 1, objects.length);
  }
  return {
    model: manifest.model,
    version: manifest.version,
    manifestSha256: await sha256Hex(manifestFile.bytes),
    sizeBytes: objects.reduce((sum, file) => sum + file.bytes.length, 0),
    kept,
  };
}

async function checkFiles(manifest: ModelManifest, files: readonly FileBytes[]): Promise<void> {
  const bytesOf = new Map(files.map((file) => [file.path, file.bytes]));
  for (const listed of manifest.files) {
    const bytes = bytesOf.get(listed.path);
    if (bytes?.length !== listed.bytes || (await sha256Hex(bytes)) !== listed.sha256) {
      throw new AppError(
        "invalid_manifest",
        `file ${listed.path} is ${bytes === undefined ? "missing" : "not the one"} of the manifest of version ` +
          `${manifest.version}; assemble the bundle again`,
      );
    }
  }
  if (bytesOf.size !== manifest.files.length || files.length !== manifest.files.length) {
    throw new AppError(
      "invalid_manifest",
      `version ${manifest.version} has ${files.length} files, its manifest lists ${manifest.files.length}; ` +
        "list each file once",
    );
  }
}
