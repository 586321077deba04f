import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import type { BackbonePlaces } from "../../../trainer/backbones/find-backbone.ts";
import { type Backbone, backboneOf } from "../../../trainer/backbones/registry.ts";
import { cacheStoredBackbones, storeBackbone } from "../../../trainer/backbones/stored-backbones.ts";

const content = new TextEncoder().encode("a net of its own");
const backbone: Backbone = {
  ...backboneOf("mobilenet-v1-0.25-128"),
  // Nobody listens there.
  url: "http://127.0.0.1:9/tiny.tflite",
  bytes: content.length,
  sha256: createHash("sha256").update(content).digest("hex"),
};

let root: string;
let here: BackbonePlaces;
let elsewhere: BackbonePlaces;
let store: ObjectStore;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "edgewise-backbones-"));
  here = { folder: join(root, "mine"), cache: join(root, "cache") };
  elsewhere = { folder: null, cache: join(root, "other-cache") };
  store = createMemoryStore();
  await mkdir(join(root, "mine"));
  await writeFile(join(root, "mine", backbone.file), content);
});

afterEach(() => rm(root, { recursive: true }));

describe("a backbone that the store keeps", () => {
  it("comes to a machine that reaches nothing but the store, once", async ({ expect }) => {
    await storeBackbone(store, backbone, here);
    expect(await cacheStoredBackbones(store, elsewhere, [backbone])).toEqual([backbone]);
    expect(new Uint8Array(await readFile(join(elsewhere.cache, backbone.file)))).toEqual(content);
    expect(await cacheStoredBackbones(store, elsewhere, [backbone])).toEqual([]);
  });

  it("takes the place of a damaged file in the cache", async ({ expect }) => {
    await storeBackbone(store, backbone, here);
    await mkdir(elsewhere.cache);
    await writeFile(join(elsewhere.cache, backbone.file), "half a n");
    expect(await cacheStoredBackbones(store, elsewhere, [backbone])).toEqual([backbone]);
  });

  it("is refused when it is another file", async ({ expect }) => {
    await store.put(`backbones/${backbone.file}`, new TextEncoder().encode("another net"));
    await expect(cacheStoredBackbones(store, elsewhere, [backbone])).rejects.toMatchObject({
      code: "integrity_mismatch",
    });
  });

  it("is not missed where the store has none", async ({ expect }) => {
    expect(await cacheStoredBackbones(store, elsewhere, [backbone])).toEqual([]);
  });
});
