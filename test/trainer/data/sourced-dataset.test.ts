import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeAll, beforeEach, describe, it, vi } from "vitest";
import type { DatasetManifest } from "../../../shared/contract/dataset.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { auditDataset } from "../../../trainer/audit/audit-dataset.ts";
import type { Finding } from "../../../trainer/audit/finding.ts";
import { indexDataset, type IndexOptions } from "../../../trainer/data/dataset-index.ts";
import { latestDataset, uploadDataset } from "../../../trainer/data/dataset-store.ts";
import { jpegSegment, latin1, withSegments } from "../../shared/image/image-files.ts";
import { sceneJpeg, writeFiles } from "./small-dataset.ts";

const labels = ["person", "vehicle"] as const;

/** Sixty drawn scenes of each class; drawing takes longer than all else. */
let drawn: Record<(typeof labels)[number], Uint8Array[]>;
beforeAll(() => {
  drawn = { person: draw("person"), vehicle: draw("vehicle") };
});

function draw(label: (typeof labels)[number]): Uint8Array[] {
  return Array.from({ length: 60 }, (_, i) => sceneJpeg(label, i));
}

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-sources-"));
  vi.stubEnv("EDGEWISE_BACKBONES", folder);
  vi.stubEnv("XDG_CACHE_HOME", folder);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Drawn scenes of two classes, ten visits of six frames each: `person/visita_3_000.jpg`. */
function visits(): Record<string, Uint8Array> {
  return scenes((visit, frame) => `visita_${visit}_00${frame}.jpg`);
}

function scenes(nameOf: (visit: number, frame: number) => string): Record<string, Uint8Array> {
  return Object.fromEntries(
    labels.flatMap((label) =>
      drawn[label].map((jpeg, i) => [`${label}/${nameOf(Math.floor(i / 6), i % 6)}`, jpeg] as const),
    ),
  );
}

/** The JPEG as a camera writes it, with its name and the time. */
function shotAt(jpeg: Uint8Array, second: number): Uint8Array {
  const time = new Date(Date.UTC(2026, 0, 31, 12, 0, second)).toISOString().slice(0, 19);
  const exif = Buffer.alloc(86);
  const entry = (at: number, tag: number, type: number, count: number, value: number): void => {
    exif.writeUInt16BE(tag, at);
    exif.writeUInt16BE(type, at + 2);
    exif.writeUInt32BE(count, at + 4);
    exif.writeUInt32BE(value, at + 8);
  };
  exif.write("MM\0*\0\0\0\x08", 0, "latin1");
  exif.writeUInt16BE(2, 8);
  entry(10, 0x0110, 2, 9, 38);
  entry(22, 0x8769, 4, 1, 48);
  exif.write("Acme One\0", 38, "latin1");
  exif.writeUInt16BE(1, 48);
  entry(50, 0x9003, 2, 20, 66);
  exif.write(`${time.replaceAll("-", ":").replace("T", " ")}\0`, 66, "latin1");
  return withSegments(jpeg, jpegSegment(0xe1, Buffer.concat([latin1("Exif\0\0"), exif])));
}

async function index(options: Partial<IndexOptions> = {}): Promise<DatasetManifest> {
  const cacheRoot = join(folder, ".cache");
  const { manifest } = await indexDataset({
    path: join(folder, "photos"),
    cacheRoot,
    threads: 1,
    ...options,
  });
  return manifest;
}

/** How many visits lie in more than one split. */
function torn(manifest: DatasetManifest, visitOf: (path: string) => string): number {
  return [...Map.groupBy(manifest.images, ({ path }) => visitOf(path)).values()].filter(
    (visit) => new Set(visit.map(({ split }) => split)).size > 1,
  ).length;
}

const byNumber = (path: string): string => path.replace(/\d\.jpg$/, "");
const byFolder = (path: string): string => path.replace(/[^/]*$/, "");
const byBurst = (path: string): string => path.replace(/.\.jpg$/, "");

async function leaks(groupBy?: string): Promise<Finding[]> {
  const { audit } = await auditDataset({ path: join(folder, "photos"), cacheRoot: folder, seed: 1, groupBy });
  return audit.findings.filter(({ check }) => check === "source-leak");
}

describe("a dataset of sequences", () => {
  it("has them torn between splits, and the audit says so", async ({ expect }) => {
    await writeFiles(join(folder, "photos"), visits());
    const manifest = await index();
    expect(manifest.groupBy).toBeUndefined();
    const found = await leaks();
    expect(found).toHaveLength(torn(manifest, byNumber));
    expect(found.length).toBeGreaterThan(15);
    expect(found[0]?.message).toContain("`--group-by sequence`");
    for (const { images } of found) {
      const splitOf = new Map(manifest.images.map(({ path, split }) => [path, split]));
      for (const { path, note } of images) expect(note).toBe(splitOf.get(path));
    }
  });

  it.for(["sequence", "(visita_\\d)"])("has none torn when grouped by %s", async (groupBy, { expect }) => {
    await writeFiles(join(folder, "photos"), visits());
    const manifest = await index({ groupBy });
    expect(torn(manifest, byNumber)).toBe(0);
    expect(manifest.groupBy).toBe(groupBy);
    expect(manifest.images.every(({ source }) => source !== undefined)).toBe(true);
    for (const label of labels) {
      const own = manifest.images.filter((image) => image.label === label);
      expect(new Set(own.map(({ split }) => split)).size).toBe(4);
    }
    expect(await leaks(groupBy)).toEqual([]);
  });

  it("has no folder torn when grouped by folder", async ({ expect }) => {
    const inFolders = scenes((visit, frame) => `visit ${visit}/${"abcdef"[frame]}.jpg`);
    await writeFiles(join(folder, "photos"), inFolders);
    expect(await leaks()).toHaveLength(torn(await index(), byFolder));
    expect(torn(await index({ groupBy: "folder" }), byFolder)).toBe(0);
    expect(await leaks("folder")).toEqual([]);
  });

  it("has no burst torn, by the times of its cameras", async ({ expect }) => {
    const files = Object.entries(scenes((visit, frame) => `${visit}${"abcdef"[frame]}.jpg`));
    const timed = files.map(([path, jpeg], i) => [path, shotAt(jpeg, 60 * Math.floor(i / 6) + (i % 6))]);
    await writeFiles(join(folder, "photos"), Object.fromEntries(timed) as Record<string, Uint8Array>);
    expect(await leaks()).toHaveLength(torn(await index(), byBurst));
    const manifest = await index({ groupBy: "sequence" });
    expect(torn(manifest, byBurst)).toBe(0);
    expect(manifest.images[0]?.source).toBe("Acme One 2026-01-31T12:00:00.000Z");
    expect(await leaks("sequence")).toEqual([]);
  });

  it("keeps its sequences when only a part of the images is drawn", async ({ expect }) => {
    await writeFiles(join(folder, "photos"), visits());
    const all = await index({ groupBy: "sequence" });
    const some = await index({ groupBy: "sequence", draw: { limit: 40, seed: 2 } });
    const sourceOf = new Map(all.images.map(({ path, source }) => [path, source]));
    expect(some.images).toHaveLength(40);
    for (const { path, source } of some.images) expect(source).toBe(sourceOf.get(path));
  });

  it("is grouped as its last version was, and moves no image of that", async ({ expect }) => {
    const store = createMemoryStore();
    const path = join(folder, "photos");
    const all = Object.entries(visits());
    await writeFiles(path, Object.fromEntries(all.filter(([name]) => !/_[28]_00[345]/.test(name))));
    const options = { path, cacheRoot: folder, name: "gate", threads: 1 };
    await uploadDataset(store, await indexDataset({ ...options, groupBy: "sequence" }));
    const previous = (await latestDataset(store, "gate")) ?? expect.unreachable();
    await writeFiles(path, Object.fromEntries(all));
    const { manifest } = await indexDataset({ ...options, previous });
    expect(manifest.groupBy).toBe("sequence");
    expect(manifest.images.length).toBe(previous.images.length + 12);
    expect(torn(manifest, byNumber)).toBe(0);
    const splitOf = new Map(manifest.images.map((image) => [image.path, image.split]));
    for (const image of previous.images) expect(splitOf.get(image.path)).toBe(image.split);
  });

  it("is refused where grouping leaves too little to train by", async ({ expect }) => {
    await writeFiles(join(folder, "photos"), visits());
    await expect(index({ groupBy: "(visita)" })).rejects.toMatchObject({
      code: "invalid_dataset",
      message: expect.stringContaining("4 different sources, as images are grouped by (visita),"),
    });
  });
});
