import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "vitest";
import type { DatasetManifest } from "../../../shared/contract/dataset.ts";
import type { FeedbackRecord } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { latestDataset } from "../../../trainer/data/dataset-store.ts";
import { sceneJpeg } from "../data/small-dataset.ts";
import { openPipelineBench, type PipelineBench, quickSettings } from "./pipeline-bench.ts";

let folder: string;
let bench: PipelineBench;
let runId: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "edgewise-collect-"));
  bench = openPipelineBench(folder);
  await bench.upload(10);
  bench.advance(1000);
  bench.running.add("one");
  const request = { settings: quickSettings(), trigger: "feedback" };
  runId = String((await bench.decide({ task: "begin", execution: "one", request }))["runId"]);
});
afterEach(() => rm(folder, { recursive: true }));

/** Keeps an image in what Workers read, as a review leaves it. */
async function keep(index: number, changes: Partial<FeedbackRecord> = {}): Promise<string> {
  const { serving } = bench.context;
  const bytes = sceneJpeg("person", 500 + index);
  const id = `20260131-${String(index).padStart(32, "0")}`;
  const sha256 = await sha256Hex(bytes);
  const record: FeedbackRecord = {
    schemaVersion: 1,
    id,
    model: "gate",
    source: "feedback",
    status: "accepted",
    label: "person",
    answer: null,
    // Of its own, so that it is nobody's near-duplicate.
    image: { format: "jpeg", bytes: bytes.length, sha256, perceptualHash: sha256.slice(0, 16) },
    keyId: null,
    createdAt: "2026-01-31T10:00:00.000Z",
    expiresAt: "2026-03-02T10:00:00.000Z",
    ...changes,
  };
  await serving.put(objectKeys.feedbackImage("gate", "2026-01-31", id, "jpg"), bytes);
  await serving.put(
    objectKeys.feedbackRecord("gate", "2026-01-31", id),
    new TextEncoder().encode(JSON.stringify(record)),
  );
  return sha256;
}

async function dataset(): Promise<DatasetManifest> {
  const latest = await latestDataset(bench.context.record, "gate");
  if (latest === null) throw new Error("there is no dataset");
  return latest;
}

const collect = () => bench.release({ task: "collect", runId });

describe("reviewed feedback", () => {
  it("becomes a new version of the dataset, and never a test image", async ({ expect }) => {
    const before = await dataset();
    const digests = await Promise.all(Array.from({ length: 12 }, (_, i) => keep(i)));
    bench.advance(1000);
    expect(await collect()).toMatchObject({ added: 12 });
    const after = await dataset();
    const added = after.images.filter(({ sha256 }) => digests.includes(sha256));
    expect(added).toHaveLength(12);
    expect(added.map(({ split }) => split)).not.toContain("test");
    expect(added[0]).toMatchObject({ label: "person", width: 160, height: 120 });
    expect(after.images.slice(0, before.images.length)).toEqual(before.images);
    expect(await collect(), "nothing is taken twice").toMatchObject({ added: 0 });
    expect(await bench.decide({ task: "inspect", runId })).toMatchObject({
      decision: "train",
      newImages: 32,
    });
  });

  it("is left alone while nobody has accepted it, and where it cannot be learned from", async ({
    expect,
  }) => {
    await keep(1, { status: "quarantined" });
    await keep(2, { status: "discarded", image: null });
    await keep(3, { label: "giraffe" });
    await keep(4, { label: null });
    const sha256 = "0".repeat(64);
    await keep(5, { image: { format: "jpeg", bytes: 9, sha256, perceptualHash: "0123456789abcdef" } });
    expect(await collect()).toMatchObject({ added: 0 });
  });

  it("that looks like a test image is left out", async ({ expect }) => {
    const test = (await dataset()).images.find(({ split }) => split === "test");
    const bytes = sceneJpeg("person", 501);
    const image = {
      format: "jpeg" as const,
      bytes: bytes.length,
      sha256: await sha256Hex(bytes),
      perceptualHash: test?.perceptualHash ?? "",
    };
    await keep(1, { image, label: test?.label ?? "" });
    expect(await collect()).toMatchObject({ added: 0 });
  });
});
