import type { ImageCodec } from "../../shared/image/codec.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { type BundleSource, openBundle } from "../../shared/inference/bundle.ts";
import { type Classifier, createClassifier } from "../../shared/inference/classifier.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { openInference } from "../engine/open-inference.ts";
import { parseName, resolveVersion } from "./alias.ts";
import { readVersionManifest } from "./version-check.ts";

/** A published version, loaded. */
export interface PublishedModel {
  readonly version: string;
  readonly manifest: ModelManifest;
  readonly manifestSha256: string;
  /** The caller disposes of it. */
  readonly classifier: Classifier;
}

/**
 * Loads a published version by the Worker's loader and has it pass its golden vectors, as the Worker does.
 * An alias pins the manifest's digest; the manifest pins the files. tfjs computes on the WASM backend afterwards.
 * @param reference an alias or a version
 * @throws not_found, invalid_manifest, integrity_mismatch, unsupported_model, self_test_failed
 */
export async function openPublished(
  store: ObjectStore,
  model: string,
  reference: string,
  codec: ImageCodec,
): Promise<PublishedModel> {
  const { version, manifestSha256, source } = await publishedSource(store, model, reference);
  const bundle = await openBundle(source, manifestSha256 === null ? {} : { manifestSha256 });
  await openInference();
  const classifier = createClassifier(bundle, codec);
  try {
    classifier.selfTest();
  } catch (error) {
    classifier.dispose();
    throw error;
  }
  return { version, manifest: bundle.manifest, manifestSha256: bundle.manifestSha256, classifier };
}

/**
 * The files of a published version, none of them checked.
 * @param reference an alias or a version
 * @returns the manifest's digest as the alias has it, `null` where a version was named
 * @throws not_found, invalid_manifest
 */
export async function publishedSource(
  store: ObjectStore,
  model: string,
  reference: string,
): Promise<{
  readonly version: string;
  readonly manifestSha256: string | null;
  readonly source: BundleSource;
}> {
  const { version, manifestSha256 } = await resolveVersion(store, parseName(model), reference);
  const { bytes } = await readVersionManifest(store, model, version);
  const readFile = async (path: string): Promise<Uint8Array> => {
    const found = await store.get(objectKeys.versionFile(model, version, path));
    return found.kind === "found" ? found.bytes : new Uint8Array();
  };
  return { version, manifestSha256, source: { manifest: bytes, readFile } };
}
