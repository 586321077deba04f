import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { type BundleSource, largestManifestBytes } from "../../shared/inference/bundle.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** The files of one version in the store. @throws integrity_mismatch when the manifest is missing or too large */
export async function openBundleSource(
  store: ObjectStore,
  model: string,
  version: string,
): Promise<BundleSource> {
  const read = async (file: string, least: number, most: number): Promise<Uint8Array> => {
    const key = objectKeys.versionFile(model, version, file);
    // asked first, so that an object of another size is never held in memory
    const info = await store.head(key);
    if (info !== null && (info.sizeBytes < least || info.sizeBytes > most)) {
      const allowed = least === most ? `the manifest says ${most}` : `at most ${most} are allowed`;
      throw new AppError(
        "integrity_mismatch",
        `${key} has ${info.sizeBytes} bytes, ${allowed}; publish the version again`,
      );
    }
    const object = info === null ? info : await store.get(key);
    if (object?.kind !== "found") {
      throw new AppError("integrity_mismatch", `${key} is missing; publish the version again`);
    }
    return object.bytes;
  };
  return {
    manifest: await read("manifest.json", 0, largestManifestBytes),
    readFile: (path, expectedBytes) => read(path, expectedBytes, expectedBytes),
  };
}
