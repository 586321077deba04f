import { createHash } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { indexDataset } from "../../../trainer/data/dataset-index.ts";
import { drawScene, sceneLabels, sceneSize } from "../../../trainer/data/sample/draw-scene.ts";
import { makeSampleDataset } from "../../../trainer/data/sample/make-sample-dataset.ts";

/** SHA-256 of the pixels of the first scene of seed 1; new ones are right after the drawing was changed on purpose. */
const goldenScenes = {
  empty: "1b1e01fd4c6baa744784f3a85f3d08254cc04eac09584b0a0391945611a708b9",
  parcel: "bc7d89b1e8fc6a77a841a9dae7ff2fbbca8a04427b530a7077494396ad22dbe5",
  person: "f5d33ff4abdbccb9634858d719c36708adca1c06e9d4bfd260572fd3c929a873",
  vehicle: "b5befbf46bdce9e57c616763667dd1518561274d1dcc4565a8cd2eae3c98d96e",
} as const;

describe("drawScene", () => {
  it.for(sceneLabels)("draws the same %s on every machine", (label, { expect }) => {
    const { data } = drawScene(1, label, 0);
    expect(createHash("sha256").update(data).digest("hex")).toBe(goldenScenes[label]);
  });

  it("draws another picture for another seed, label or number", ({ expect }) => {
    const pictures = [
      drawScene(1, "person", 0),
      drawScene(2, "person", 0),
      drawScene(1, "person", 1),
      drawScene(1, "vehicle", 0),
    ];
    expect(new Set(pictures.map(({ data }) => Buffer.from(data).toString("base64"))).size).toBe(4);
  });

  it("does not give the class away by its brightness", ({ expect }) => {
    const means = sceneLabels.map((label) =>
      Array.from({ length: 40 }, (_, i) => mean(drawScene(1, label, i).data)),
    );
    const centres = means.map(average);
    const right = means.flatMap((ofClass, classIndex) =>
      ofClass.filter((value) => nearest(centres, value) === classIndex),
    );
    // A guess is right in a quarter of the cases.
    expect(right.length / 160).toBeLessThan(0.45);
  });
});

describe("makeSampleDataset", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-sample-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("writes JPEGs of every class, evenly, that the index takes whole", async ({ expect }) => {
    const root = join(folder, "deep", "sample");
    const done: number[] = [];
    expect(
      await makeSampleDataset({ root, seed: 1, images: 42, onProgress: (count) => done.push(count) }),
    ).toEqual({ drawn: 42 });
    expect(done.at(-1)).toBe(42);
    const { manifest } = await indexDataset({ path: root, cacheRoot: join(folder, "cache"), threads: 1 });
    expect(manifest.labels).toEqual([...sceneLabels]);
    expect(manifest.skipped).toEqual([]);
    const sizes = sceneLabels.map((label) => manifest.images.filter((image) => image.label === label).length);
    expect(sizes).toEqual([11, 11, 10, 10]);
    expect(manifest.images.every(({ width }) => width === sceneSize.width)).toBe(true);
  });

  it("draws nothing again, unless other pictures are asked for", async ({ expect }) => {
    const root = join(folder, "sample");
    await makeSampleDataset({ root, seed: 1, images: 16 });
    expect(await makeSampleDataset({ root, seed: 1, images: 16 })).toEqual({ drawn: 0 });
    expect(await makeSampleDataset({ root, seed: 2, images: 16 })).toEqual({ drawn: 16 });
    expect(await makeSampleDataset({ root, seed: 2, images: 20 })).toEqual({ drawn: 20 });
  });

  it("draws again what was drawn otherwise", async ({ expect }) => {
    const root = join(folder, "sample");
    await makeSampleDataset({ root, seed: 1, images: 16 });
    const picture = join(root, "person", "person-0000.jpg");
    const before = await readFile(picture);
    await writeFile(picture, "an older drawing");
    expect(await makeSampleDataset({ root, seed: 1, images: 16 })).toEqual({ drawn: 16 });
    expect(await readFile(picture)).toEqual(before);
    expect(await readdir(folder)).toEqual(["sample"]);
  });

  it("leaves alone what another process drew meanwhile", async ({ expect }) => {
    const options = { root: join(folder, "sample"), seed: 1, images: 16 };
    const results = await Promise.all([makeSampleDataset(options), makeSampleDataset(options)]);
    expect(results.map(({ drawn }) => drawn).toSorted((a, b) => a - b)).toEqual([0, 16]);
    expect(await readdir(folder)).toEqual(["sample"]);
  });

  it("touches no folder that is not its own", async ({ expect }) => {
    await writeFile(join(folder, "holiday.jpg"), "precious");
    await expect(makeSampleDataset({ root: folder, seed: 1, images: 16 })).rejects.toMatchObject({
      code: "already_exists",
    });
    expect(await readdir(folder)).toEqual(["holiday.jpg"]);
  });

  it.for([0, 15, 16.5, 100_001])("rejects a sample of %d images", async (images, { expect }) => {
    await expect(makeSampleDataset({ root: join(folder, "x"), seed: 1, images })).rejects.toMatchObject({
      code: "invalid_argument",
    });
  });

  it("writes pictures that differ little from what was drawn", async ({ expect }) => {
    const root = join(folder, "sample");
    await makeSampleDataset({ root, seed: 1, images: 16 });
    const bytes = await readFile(join(root, "vehicle", "vehicle-0001.jpg"));
    const spec: PixelSpec = {
      ...sceneSize,
      fit: "stretch",
      cropFraction: 1,
      filter: "triangle",
      background: [0, 0, 0],
      denoise: "none",
    };
    const decoded = loadCodec().decode(bytes, spec).image.data;
    const drawn = drawScene(1, "vehicle", 1).data;
    const differences = decoded.map((value, i) => Math.abs(value - (drawn[i] ?? 0)));
    expect(mean(differences)).toBeLessThan(12);
  });
});

function mean(values: Uint8Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function nearest(centres: readonly number[], value: number): number {
  const distances = centres.map((centre) => Math.abs(centre - value));
  return distances.indexOf(Math.min(...distances));
}
