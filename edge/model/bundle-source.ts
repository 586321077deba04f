import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { type BundleSource, largestManifestBytes } from "../../shared/inference/bundle.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { DigestCache } from "../storage/digest-cache.ts";
import type { LocatedVersion } from "./model-reference.ts";

/** Where bundles come from. */
export interface BundlePlaces {
  readonly store: ObjectStore;
  /** Asked first for what is known by its digest. */
  readonly cache: DigestCache;
}

/** The files of one version. @throws integrity_mismatch when the manifest is missing or too large */
export async function openBundleSource(
  { store, cache }: BundlePlaces,
  { model, version, manifestSha256 }: LocatedVersion,
): Promise<BundleSource> {
  const read = async (file: string, mostBytes: number, sha256: string | undefined): Promise<Uint8Array> => {
    const cached = sha256 === undefined ? null : await cache.match(sha256, mostBytes);
    if (cached !== null) return cached;
    const key = objectKeys.versionFile(model, version, file);
    const object = await store.get(key, { mostBytes });
    if (object.kind === "larger") {
      throw new AppError(
        "integrity_mismatch",
        `${key} has ${object.sizeBytes} bytes, at most ${mostBytes} are expected; publish the version again`,
      );
    }
    if (object.kind !== "found") {
      throw new AppError("integrity_mismatch", `${key} is missing; publish the version again`);
    }
    if (sha256 !== undefined) cache.put(sha256, object.bytes);
    return object.bytes;
  };
  return {
    manifest: await read("manifest.json", largestManifestBytes, manifestSha256),
    readFile: (path, { bytes, sha256 }) => read(path, bytes, sha256),
  };
}
