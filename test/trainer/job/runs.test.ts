import { beforeAll, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { compareRuns, weightBytes } from "../../../trainer/job/compare-runs.ts";
import { evaluationOf, findRun, listRuns } from "../../../trainer/job/list-runs.ts";
import { writeCrossValidation } from "../../../trainer/report/run-record.ts";
import { publishVersion } from "../../../trainer/release/publish.ts";
import { type Release, releaseModel } from "../../../trainer/release/release.ts";
import { tinyReleaseInput } from "../release/tiny-release.ts";

const encode = (value: unknown): Uint8Array => new TextEncoder().encode(`${JSON.stringify(value)}\n`);

let store: ObjectStore;
let release: Release;

beforeAll(async () => {
  store = createMemoryStore();
  const input = await tinyReleaseInput(1);
  release = await releaseModel({ ...input, provenance: { ...input.provenance, runId: "run-2" } });
  await publishVersion(store, release);
  const config = { model: "insects", dataset: "d1", requested: { scratch: { epochs: 4 }, seed: 1 } };
  await store.put(objectKeys.runFile("run-2", "config.json"), encode(config));
  await writeCrossValidation(store, "run-2", {
    folds: 5,
    images: 40,
    top1Accuracy: 0.75,
    interval: { low: 0.5, high: 0.9 },
    choice: "anew",
  });
  await store.put(
    objectKeys.runFile("run-1", "config.json"),
    encode({ ...config, requested: { scratch: { epochs: 9 }, seed: 1 } }),
  );
  await store.put(
    objectKeys.runFile("run-1", "metrics.jsonl"),
    encode({
      epoch: 0,
      step: 1,
      learningRate: 0.1,
      trainLoss: 1,
      validationLoss: 1,
      validationTop1Accuracy: 0.75,
      best: true,
    }),
  );
});

describe("listRuns", () => {
  it("lists the newest first, with what each published and how far it came", async () => {
    const runs = await listRuns(store);
    expect(
      runs.map(({ runId, epochs, manifest }) => [runId, epochs.length, manifest?.version ?? null]),
    ).toEqual([
      ["run-2", 0, release.version],
      ["run-1", 1, null],
    ]);
    expect(runs.map(weightBytes)).toEqual([release.weightBytes, 0]);
  });
});

describe("findRun", () => {
  it("names the runs there are when it is asked for another", async () => {
    await expect(findRun(store, "run-3")).rejects.toMatchObject({
      code: "not_found",
      message: expect.stringContaining("run-2, run-1"),
    });
  });
});

describe("compareRuns", () => {
  it("shows the settings that differ, and results side by side", async () => {
    const [one, other] = await Promise.all(
      ["run-1", "run-2"].map(async (runId) => {
        const run = await findRun(store, runId);
        return { run, evaluation: await evaluationOf(store, run) };
      }),
    );
    if (one === undefined || other === undefined) throw new Error("two runs were asked for");
    const comparison = compareRuns(one, other);
    expect(comparison.settings).toEqual([{ name: "requested.scratch.epochs", one: "9", other: "4" }]);
    expect(comparison.results).toContainEqual({ name: "5-fold top-1", one: null, other: 0.75 });
    expect(comparison.results).toContainEqual({ name: "5-fold top-1, 95 % low", one: null, other: 0.5 });
    expect(comparison.results).toContainEqual({ name: "best validation top-1", one: 0.75, other: null });
    expect(comparison.results).toContainEqual({
      name: "top-1",
      one: null,
      other: release.evaluation.top1.share,
    });
    expect(comparison).toMatchObject({ sameImages: true, isClear: null });
    expect(compareRuns(other, other).isClear).toBe(false);
  });
});
