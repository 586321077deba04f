import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { openPublished } from "../../../trainer/release/load-published.ts";
import { promote } from "../../../trainer/release/promote.ts";
import { encodeManifest, publishVersion } from "../../../trainer/release/publish.ts";
import { type Release, type ReleaseInput, releaseModel } from "../../../trainer/release/release.ts";
import { tinyReleaseInput } from "./tiny-release.ts";

describe("openPublished", () => {
  let input: ReleaseInput;
  let release: Release;
  let store: ObjectStore;

  beforeAll(async () => {
    input = await tinyReleaseInput(5);
    release = await releaseModel(input);
  });

  beforeEach(async () => {
    store = createMemoryStore();
    await publishVersion(store, release);
    const move = { model: "insects", alias: "champion", by: "test", now: input.now };
    await promote(store, { ...move, version: release.version });
  });

  const open = (reference: string) => openPublished(store, "insects", reference, input.codec);
  const keyOf = (file: string) => objectKeys.versionFile("insects", release.version, file);

  it("loads a version by its own name and by its alias", async () => {
    for (const reference of [release.version, "champion"]) {
      const { version, manifest, classifier } = await open(reference);
      expect(version).toBe(release.version);
      expect(manifest).toEqual(release.manifest);
      classifier.dispose();
    }
  });

  it("refuses a shard with one changed byte, and leaves no tensor", async () => {
    const shard = release.files[1];
    const bytes = shard?.bytes.slice() ?? new Uint8Array();
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await store.put(keyOf(shard?.path ?? ""), bytes);
    const { numTensors } = tf.memory();
    await expect(open("champion")).rejects.toSatisfy((error) => isAppError(error, "integrity_mismatch"));
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("refuses a manifest that is valid but not the one promoted", async () => {
    const other = { ...release.manifest, temperature: 9 };
    await store.put(keyOf("manifest.json"), encodeManifest(other));
    await expect(open("champion")).rejects.toSatisfy((error) => isAppError(error, "integrity_mismatch"));
  });

  it("refuses a bundle that does not repeat its golden vectors", async () => {
    const [first, ...rest] = release.manifest.golden.vectors;
    const golden = {
      ...release.manifest.golden,
      vectors: [{ ...first, logits: first?.logits.map((logit) => logit + 1) }, ...rest],
    };
    const manifest = { ...release.manifest, golden } as Release["manifest"];
    await store.put(keyOf("manifest.json"), encodeManifest(manifest));
    const { numTensors } = tf.memory();
    await expect(open(release.version)).rejects.toSatisfy((error) => isAppError(error, "self_test_failed"));
    expect(tf.memory().numTensors).toBe(numTensors);
  });

  it("says that there is no such alias or version", async () => {
    for (const reference of ["challenger", "20200101T000000Z-00000000"]) {
      await expect(open(reference)).rejects.toSatisfy((error) => isAppError(error, "not_found"));
    }
  });
});
