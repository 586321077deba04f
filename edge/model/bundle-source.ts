import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { BundleSource } from "../../shared/inference/bundle.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

const largestManifestBytes = 8 * 1024 * 1024;

/** The files of one version in the store. @throws integrity_mismatch when the manifest is missing or too large */
export async function openBundleSource(
  store: ObjectStore,
  model: string,
  version: string,
): Promise<BundleSource> {
  const read = async (file: string, fits: (sizeBytes: number) => boolean): Promise<Uint8Array> => {
    const key = objectKeys.versionFile(model, version, file);
    // asked first, so that an object of another size is never held in memory
    const info = await store.head(key);
    if (info !== null && !fits(info.sizeBytes)) {
      throw new AppError(
        "integrity_mismatch",
        `${key} has ${info.sizeBytes} bytes, which the manifest does not say`,
      );
    }
    const object = info === null ? info : await store.get(key);
    if (object?.kind !== "found") {
      throw new AppError("integrity_mismatch", `${key} is missing; publish the version again`);
    }
    return object.bytes;
  };
  return {
    manifest: await read("manifest.json", (sizeBytes) => sizeBytes <= largestManifestBytes),
    readFile: (path, expectedBytes) => read(path, (sizeBytes) => sizeBytes === expectedBytes),
  };
}
