import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { DatasetManifest } from "../../../shared/contract/dataset.ts";
import { feedbackDay, type FeedbackRecord } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { indexDataset } from "../../../trainer/data/dataset-index.ts";
import { fetchFeedback } from "../../../trainer/data/feedback-files.ts";
import { admitTrainingOnly } from "../../../trainer/data/training-only.ts";
import { drawPng } from "../../fixtures/png.ts";
import { createRandom } from "../release/random.ts";

/** A picture of blocks that no other seed has. */
function picture(seed: number): Uint8Array<ArrayBuffer> {
  const random = createRandom(seed);
  const blocks = Array.from({ length: 80 }, () => random.integer(256));
  return drawPng(90, 80, (x, y) => {
    const level = blocks[Math.floor(y / 10) * 9 + Math.floor(x / 10)] ?? 0;
    return [level, level, level];
  });
}

let folder: string;
let photos: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-feedback-"));
  photos = join(folder, "photos");
  for (const [label, from] of [
    ["day", 0],
    ["night", 100],
  ] as const) {
    await mkdir(join(photos, label), { recursive: true });
    for (let i = 0; i < 20; i++) await writeFile(join(photos, label, `${i}.png`), picture(from + i));
  }
});

afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a dataset with reviewed feedback", () => {
  let store: ObjectStore;
  let plain: DatasetManifest;
  let sent = 0;

  beforeEach(async () => {
    store = createMemoryStore();
    ({ manifest: plain } = await indexDataset({ path: photos, cacheRoot: folder }));
  });

  async function put(image: Uint8Array, changed: Partial<FeedbackRecord> = {}): Promise<string> {
    const id = `20260131-${String(sent++).padStart(32, "0")}`;
    const record: FeedbackRecord = {
      schemaVersion: 1,
      id,
      model: "gate",
      source: "unknown",
      status: "accepted",
      label: "day",
      answer: null,
      image: {
        format: "png",
        bytes: image.length,
        sha256: await sha256Hex(image),
        perceptualHash: "0".repeat(16),
      },
      keyId: null,
      createdAt: "2026-01-31T00:00:00Z",
      expiresAt: "2026-03-02T00:00:00Z",
      ...changed,
    };
    const day = feedbackDay(id);
    await store.put(objectKeys.feedbackImage("gate", day, id, "png"), image);
    await store.put(
      objectKeys.feedbackRecord("gate", day, id),
      new TextEncoder().encode(JSON.stringify(record)),
    );
    return `feedback/${id}.png`;
  }

  async function index(): Promise<DatasetManifest> {
    const feedback = await fetchFeedback({ store, model: "gate" }, join(folder, "kept"));
    return (await indexDataset({ path: photos, cacheRoot: folder, feedback })).manifest;
  }

  /** The dataset's own image that is in a split. */
  function seedIn(split: string): number {
    const found = plain.images.find((image) => image.split === split && image.label === "day");
    return Number(/(\d+)\.png$/.exec(found?.path ?? "")?.[1]);
  }

  it("has what was accepted in its train split, under its label, and leaves its own images where they were", async () => {
    const paths = [];
    for (let i = 0; i < 30; i++)
      paths.push(await put(picture(1000 + i), { label: i % 2 === 0 ? "day" : "night" }));
    const manifest = await index();

    const added = manifest.images.filter(({ path }) => path.startsWith("feedback/"));
    expect(added.map(({ path }) => path)).toEqual(paths);
    expect(new Set(added.map(({ split }) => split))).toEqual(new Set(["train"]));
    expect(added.map(({ label }) => label).slice(0, 2)).toEqual(["day", "night"]);
    expect(manifest.images.filter(({ path }) => !path.startsWith("feedback/"))).toEqual(plain.images);
    expect(manifest.datasetVersion).not.toBe(plain.datasetVersion);
  });

  it.each(["quarantined", "discarded"] as const)("has nothing that is %s", async (status) => {
    await put(picture(1000), { status });

    expect((await index()).images).toEqual(plain.images);
  });

  it.each(["validation", "calibration", "test"])("has no copy of an image of its %s split", async (split) => {
    const path = await put(picture(seedIn(split)));
    const manifest = await index();

    expect(manifest.images).toEqual(plain.images);
    expect(manifest.skipped).toMatchObject([
      { path, reason: `is nearly equal to an image of the ${split} split` },
    ]);
  });

  it("has no image twice, and none of a class it does not know", async () => {
    const twice = await put(picture(seedIn("train")));
    const strange = await put(picture(1001), { label: "dusk" });
    const { images, skipped } = await index();

    expect(images).toEqual(plain.images);
    expect(skipped).toMatchObject([
      { path: twice, reason: "is in the dataset already" },
      { path: strange, reason: "the dataset has no class dusk" },
    ]);
  });

  it("has no image whose bytes are not those of its record", async () => {
    await put(picture(1002), {
      image: { format: "png", bytes: 1, sha256: "0".repeat(64), perceptualHash: "0".repeat(16) },
    });

    expect((await index()).images).toEqual(plain.images);
  });

  it("holds back what differs in three bits from an image that is held back, not what differs in four", () => {
    const known = [{ sha256: "a", perceptualHash: "0000000000000000", split: "test" as const }];
    const near = { sha256: "b", perceptualHash: "0000000000000007" };
    const far = { sha256: "c", perceptualHash: "000000000000000f" };

    expect(admitTrainingOnly(known, [near, far]).admitted).toEqual([far]);
  });
});
