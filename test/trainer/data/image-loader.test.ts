import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { splits } from "../../../shared/contract/dataset.ts";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { indexDataset, readImage, type IndexedDataset } from "../../../trainer/data/dataset-index.ts";
import { loadImages, loadSplit } from "../../../trainer/data/image-loader.ts";
import { imageCount, imagePixels } from "../../../trainer/data/image-set.ts";
import { twoClasses, writeFiles } from "./small-dataset.ts";

const spec: PixelSpec = {
  width: 24,
  height: 16,
  fit: "cover-crop",
  cropFraction: 1,
  filter: "triangle",
  background: [0, 0, 0],
  denoise: "none",
};

describe("loadSplit", () => {
  let folder: string;
  let dataset: IndexedDataset;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-loader-"));
    await writeFiles(join(folder, "scenes"), twoClasses(40));
    dataset = await indexDataset({ path: join(folder, "scenes"), cacheRoot: join(folder, "cache") });
  });
  afterAll(() => rm(folder, { recursive: true }));

  it("gives the pixels that the codec gives, in the order of the manifest", async ({ expect }) => {
    const images = dataset.manifest.images.toReversed();
    const set = await loadImages(dataset, images, spec, { threads: 2 });
    const codec = loadCodec();
    for (const [i, { path, label }] of images.entries()) {
      const { image } = codec.decode(await readImage(dataset, path), spec);
      expect(Buffer.compare(imagePixels(set, i), image.data)).toBe(0);
      expect(set.labels[i]).toBe(dataset.manifest.labels.indexOf(label));
    }
    expect(set).toMatchObject({ width: 24, height: 16, classes: 2 });
    expect(set.paths).toEqual(images.map((image) => image.path));
  });

  it("gives every image in exactly one split", async ({ expect }) => {
    const sets = await Promise.all(splits.map((split) => loadSplit(dataset, split, spec, { threads: 1 })));
    const paths = sets.flatMap((set) => set.paths).toSorted();
    expect(paths).toEqual(dataset.manifest.images.map((image) => image.path).toSorted());
    expect(sets.map(imageCount).reduce((sum, count) => sum + count, 0)).toBe(80);
  });

  it("tells how far it is", async ({ expect }) => {
    const done: number[] = [];
    const { images } = dataset.manifest;
    await loadImages(dataset, images, spec, { onProgress: (count) => done.push(count) });
    expect(done.at(-1)).toBe(80);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
  });

  it("gives an empty set for no images", async ({ expect }) => {
    expect(imageCount(await loadImages(dataset, [], spec))).toBe(0);
  });

  it("rejects more pixels than fit into memory", async ({ expect }) => {
    const [image] = dataset.manifest.images;
    const many = Array.from({ length: 3000 }, () => image ?? expect.unreachable());
    await expect(loadImages(dataset, many, { ...spec, width: 1024, height: 1024 })).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("8.8 GB"),
    });
  });

  it("rejects an image that was damaged since it was indexed", async ({ expect }) => {
    const [image] = dataset.manifest.images;
    const range = dataset.ranges.get(image?.path ?? "");
    await writeFile(range?.file ?? "", Buffer.alloc(range?.bytes ?? 0));
    await expect(loadImages(dataset, image === undefined ? [] : [image], spec)).rejects.toMatchObject({
      code: "invalid_image",
    });
  });
});

describe("imagePixels", () => {
  it("rejects an index that is not of the set", ({ expect }) => {
    const set = {
      width: 1,
      height: 1,
      images: new Uint8Array(3),
      labels: Int32Array.of(0),
      classes: 2,
      paths: ["a"],
    };
    expect(() => imagePixels(set, 1)).toThrowError(RangeError);
    expect(imagePixels(set, 0)).toHaveLength(3);
  });
});
