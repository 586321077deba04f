import { existsSync } from "node:fs";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, it } from "vitest";
import {
  countBySplit,
  indexDataset,
  readImage,
  type IndexedDataset,
  type IndexOptions,
} from "../../../trainer/data/dataset-index.ts";
import { sceneJpeg, twoClasses, writeFiles } from "./small-dataset.ts";
import { writeZip } from "./zip-writer.ts";

const hymenoptera = fileURLToPath(
  new URL("../../../../shared/data/hymenoptera-train.tar.gz", import.meta.url),
);

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-dataset-"));
});
afterEach(() => rm(folder, { recursive: true }));

describe("indexDataset", () => {
  it("describes every image of a folder", async ({ expect }) => {
    await writeFiles(join(folder, "My Scenes"), twoClasses(8));
    const dataset = await index({ path: join(folder, "My Scenes"), createdAt: new Date(0) });
    const { manifest } = dataset;
    expect(manifest).toMatchObject({
      dataset: "my-scenes",
      labels: ["person", "vehicle"],
      createdAt: "1970-01-01T00:00:00.000Z",
      skipped: [],
    });
    expect(manifest.images).toHaveLength(16);
    expect(manifest.images[0]).toMatchObject({ path: "person/0.jpg", width: 160, height: 120 });
    expect(manifest.datasetVersion).toBe(manifest.digest.slice(0, 16));
    expect(Object.values(countBySplit(manifest)).every((count) => count >= 2)).toBe(true);
    expect(await readImage(dataset, "person/3.jpg")).toEqual(sceneJpeg("person", 3));
  });

  it("finds in an archive what it finds in the folder", async ({ expect }) => {
    const files = twoClasses(5);
    await writeFiles(join(folder, "scenes"), files);
    const entries = Object.entries(files).map(([path, content]) => ({ name: `top/train/${path}`, content }));
    await writeFile(join(folder, "scenes.zip"), writeZip(entries));
    const ofFolder = await index({ path: join(folder, "scenes") });
    const ofArchive = await index({ path: join(folder, "scenes.zip") });
    expect(ofArchive.manifest.digest).toBe(ofFolder.manifest.digest);
    expect(await readImage(ofArchive, "top/train/person/1.jpg")).toEqual(files["person/1.jpg"]);
  });

  it("lists files that are no readable image, and goes on", async ({ expect }) => {
    const whole = sceneJpeg("person", 50);
    await writeFiles(folder, {
      ...twoClasses(5),
      "person/cut.jpg": whole.subarray(0, whole.length / 2),
      "person/empty.jpg": "",
      "person/animated.jpg": "GIF89a............",
      "vehicle/notes.txt": "two cars",
      "vehicle/Thumbs.db": "litter",
      "readme.md": "about",
    });
    await symlink("/nowhere", join(folder, "person", "dangling.jpg"));
    const { manifest } = await index({ path: folder });
    expect(manifest.images).toHaveLength(10);
    expect(manifest.skipped.map(({ path, code }) => [path, code])).toEqual([
      ["person/animated.jpg", "unsupported_media_type"],
      ["person/cut.jpg", "invalid_image"],
      ["person/empty.jpg", "invalid_image"],
      ["readme.md", "invalid_dataset"],
      ["vehicle/notes.txt", "invalid_image"],
    ]);
  });

  it("follows links of the user's own folder, in circles only once", async ({ expect }) => {
    await writeFiles(join(folder, "scenes"), twoClasses(5));
    await writeFiles(join(folder, "elsewhere"), { "extra.jpg": sceneJpeg("person", 60) });
    await symlink(join(folder, "elsewhere", "extra.jpg"), join(folder, "scenes", "person", "extra.jpg"));
    await symlink(join(folder, "scenes", "person"), join(folder, "scenes", "person", "circle"));
    const { manifest } = await index({ path: join(folder, "scenes") });
    expect(manifest.images.map((image) => image.path)).toContain("person/extra.jpg");
    expect(manifest.images).toHaveLength(11);
  });

  it("takes a sample that is fair, seeded, and makes up for broken files", async ({ expect }) => {
    await writeFiles(folder, {
      ...twoClasses(12),
      ...Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`person/broken-${i}.jpg`, "no image"])),
    });
    const draw = { limit: 18, seed: 4 };
    const { manifest } = await index({ path: folder, draw });
    const again = await index({ path: folder, draw });
    const other = await index({ path: folder, draw: { limit: 18, seed: 5 } });
    const persons = manifest.images.filter((image) => image.label === "person");
    expect([persons.length, manifest.images.length]).toEqual([12, 18]);
    expect(again.manifest.digest).toBe(manifest.digest);
    expect(other.manifest.digest).not.toBe(manifest.digest);
  });

  it("leaves the images of an earlier index in their splits", async ({ expect }) => {
    await writeFiles(folder, twoClasses(5));
    const before = await index({ path: folder });
    await writeFiles(folder, twoClasses(12));
    const after = await index({ path: folder, previous: before.manifest });
    const splitOf = new Map(after.manifest.images.map(({ path, split }) => [path, split]));
    for (const { path, split } of before.manifest.images) expect(splitOf.get(path)).toBe(split);
  });

  it("tells how far it is", async ({ expect }) => {
    await writeFiles(folder, twoClasses(5));
    const calls: string[] = [];
    await index({
      path: folder,
      onProgress: (phase, done, total) => calls.push(`${phase} ${done}/${total}`),
    });
    expect(calls.at(-1)).toBe("index 10/10");
  });

  it.for([
    ["a class folder without files", { "empty/.keep": "" }, "empty has no file"],
    [
      "a class folder without readable images",
      { "noise/a.jpg": "x" },
      "noise has no readable image (noise/a.jpg",
    ],
  ] as const)("rejects %s", async ([, more, message], { expect }) => {
    await writeFiles(folder, { ...twoClasses(5), ...more });
    await expect(index({ path: folder })).rejects.toMatchObject({
      code: "invalid_dataset",
      message: expect.stringContaining(message),
    });
  });

  it("rejects a dataset too small for four splits", async ({ expect }) => {
    await writeFiles(folder, twoClasses(1));
    await expect(index({ path: folder })).rejects.toMatchObject({
      code: "invalid_dataset",
      message: expect.stringContaining("too few different images"),
    });
  });

  it("rejects a path with nothing there, and a file that is no archive", async ({ expect }) => {
    await writeFiles(folder, { "photo.jpg": sceneJpeg("person", 1) });
    await expect(index({ path: join(folder, "nothing") })).rejects.toMatchObject({ code: "not_found" });
    await expect(index({ path: join(folder, "photo.jpg") })).rejects.toMatchObject({
      code: "invalid_archive",
    });
  });

  it.skipIf(!existsSync(hymenoptera))(
    "indexes real photos and lists the one that is none (needs ../shared/data)",
    async ({ expect }) => {
      const { manifest } = await index({ path: hymenoptera });
      expect(manifest.labels).toEqual(["ants", "bees"]);
      expect(manifest.images).toHaveLength(244);
      expect(manifest.skipped).toMatchObject([
        { path: "train/ants/imageNotFound.gif", code: "unsupported_media_type" },
      ]);
      expect(manifest.digest, "published figures are of these splits").toBe(
        "f127dadae419e144b6cf350b2c66f6e1b6b466d54893e2d40be1386d37c73776",
      );
    },
  );
});

function index(options: Omit<IndexOptions, "cacheRoot" | "threads">): Promise<IndexedDataset> {
  return indexDataset({ ...options, cacheRoot: join(folder, ".cache"), threads: 1 });
}
