import type { ImageCodec } from "../../shared/image/codec.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { openBundle } from "../../shared/inference/bundle.ts";
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
  const { version, manifestSha256 } = await resolveVersion(store, parseName(model), reference);
  const published = await readVersionManifest(store, model, version);
  const bundle = await openBundle(
    {
      manifest: published.bytes,
      readFile: async (path) => {
        const found = await store.get(objectKeys.versionFile(model, version, path));
        return found.kind === "found" ? found.bytes : new Uint8Array();
      },
    },
    manifestSha256 === null ? {} : { manifestSha256 },
  );
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
