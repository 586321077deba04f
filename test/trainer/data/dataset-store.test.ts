import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { listAll } from "../../../shared/store/list-all.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { type IndexedDataset, indexDataset, readImage } from "../../../trainer/data/dataset-index.ts";
import { latestDataset, uploadDataset } from "../../../trainer/data/dataset-store.ts";
import { fetchDataset } from "../../../trainer/data/fetch-dataset.ts";
import { twoClasses, writeFiles } from "./small-dataset.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-dataset-store-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function indexTwoClasses(imagesEach: number, createdAt: string): Promise<IndexedDataset> {
  const path = join(folder, `images-${imagesEach}`);
  await writeFiles(path, twoClasses(imagesEach));
  return indexDataset({ path, cacheRoot: folder, name: "gate", createdAt: new Date(createdAt), threads: 1 });
}

describe("a dataset in a store", () => {
  it("writes its manifest after every image, and shares images between versions", async ({ expect }) => {
    const store = createMemoryStore();
    const written: string[] = [];
    const noting = { ...spreadOf(store), put: noted(written, store) };
    await uploadDataset(noting, await indexTwoClasses(5, "2026-01-01T00:00:00.000Z"));
    expect(written).toHaveLength(11);
    expect(written.at(-1)).toMatch(/^datasets\/gate\/[0-9a-f]{16}\/manifest\.json$/);
    await uploadDataset(noting, await indexTwoClasses(6, "2026-01-02T00:00:00.000Z"));
    expect(written, "two images and a manifest more").toHaveLength(14);
    expect((await latestDataset(store, "gate"))?.images).toHaveLength(12);
  });

  it("comes back as it was, but for what is missing, damaged or no image", async ({ expect }) => {
    const store = createMemoryStore();
    const dataset = await indexTwoClasses(5, "2026-01-01T00:00:00.000Z");
    await uploadDataset(store, dataset);
    const [missing, damaged, , broken] = dataset.manifest.images;
    if (missing === undefined || damaged === undefined || broken === undefined) throw new Error("no images");
    await store.delete(objectKeys.datasetImage("gate", missing.sha256));
    await store.put(objectKeys.datasetImage("gate", damaged.sha256), new Uint8Array(damaged.bytes));
    const noImage = new TextEncoder().encode("no image");
    const sha256 = await sha256Hex(noImage);
    await store.put(objectKeys.datasetImage("gate", sha256), noImage);
    const manifest = {
      ...dataset.manifest,
      images: dataset.manifest.images.map((image) =>
        image === broken ? { ...broken, sha256, bytes: noImage.length } : image,
      ),
    };
    const scratch = join(folder, "scratch");
    const fetched = await fetchDataset(store, manifest, { folder: scratch });
    const codes = Object.fromEntries(fetched.faults.map(({ path, code }) => [path, code]));
    expect(codes).toEqual({
      [missing.path]: "not_found",
      [damaged.path]: "integrity_mismatch",
      [broken.path]: "invalid_image",
    });
    expect(fetched.manifest.images).toHaveLength(7);
    for (const image of fetched.manifest.images) {
      expect(await sha256Hex(await readImage(fetched, image.path))).toBe(image.sha256);
    }
  });

  it("is not fetched twice", async ({ expect }) => {
    const store = createMemoryStore();
    const { manifest, ...rest } = await indexTwoClasses(5, "2026-01-01T00:00:00.000Z");
    await uploadDataset(store, { manifest, ...rest });
    await writeFile(join(folder, "other"), "");
    const scratch = join(folder, "scratch");
    await fetchDataset(store, manifest, { folder: scratch, wanted: ({ split }) => split === "test" });
    for await (const { key } of listAll(store, "datasets/gate/images/")) await store.delete(key);
    const test = manifest.images.filter(({ split }) => split === "test");
    const again = await fetchDataset(store, manifest, { folder: scratch });
    expect(again.manifest.images.map(({ path }) => path)).toEqual(test.map(({ path }) => path));
  });
});

type MemoryStore = ReturnType<typeof createMemoryStore>;

function spreadOf(store: MemoryStore): MemoryStore {
  return {
    get: (key, options) => store.get(key, options),
    head: (key) => store.head(key),
    put: (key, bytes, options) => store.put(key, bytes, options),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
  };
}

function noted(written: string[], store: MemoryStore): MemoryStore["put"] {
  return async (key, bytes, options) => {
    written.push(key);
    return store.put(key, bytes, options);
  };
}
