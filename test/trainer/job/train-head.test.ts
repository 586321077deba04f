import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startDeadline } from "../../../trainer/job/deadline.ts";
import type { HeadPlan } from "../../../trainer/job/plan.ts";
import { releaseTrained } from "../../../trainer/job/release-trained.ts";
import { trainHead } from "../../../trainer/job/train-head.ts";
import type { TrainedClassifier, TrainingJob } from "../../../trainer/job/trained-classifier.ts";
import { openTinyBackbone, silent, tinyBackbone, tinyDatasetFolder, tinyJob } from "./tiny-job.ts";

const plan: HeadPlan = { mode: "head", backbone: "tiny", size: 9, views: 1 };

let folder: string;
beforeAll(async () => {
  folder = await tinyDatasetFolder();
});
afterAll(() => rm(folder, { recursive: true }));

async function train(
  change: Partial<TrainingJob> = {},
  changedPlan = plan,
): Promise<{ job: TrainingJob; trained: TrainedClassifier }> {
  const job = { ...(await tinyJob(folder)), ...change };
  return { job, trained: await trainHead(job, changedPlan, await openTinyBackbone(), silent) };
}

/** A clock on which every look at it takes a millisecond. */
function ticking(budgetMs: number): TrainingJob["deadline"] {
  let now = 0;
  return startDeadline(budgetMs, () => now++);
}

describe("a head on a backbone", () => {
  it("is the same to the bit when it is trained again, and computes no features twice", async () => {
    const first = await train();
    const second = await train();
    expect(second.trained.weightsSha256).toBe(first.trained.weightsSha256);
    expect(first.job.times.speeds().map(({ stage }) => stage)).toContain("features");
    expect(second.job.times.speeds().map(({ stage }) => stage)).not.toContain("features");
    first.trained.dispose();
    second.trained.dispose();
  });

  it("learns something else of mirrored views", async () => {
    const [plain, mirrored] = [await train(), await train({}, { ...plan, views: 2 })];
    expect(mirrored.trained.weightsSha256).not.toBe(plain.trained.weightsSha256);
    plain.trained.dispose();
    mirrored.trained.dispose();
  });

  it("learns something else of random views, the same for the same seed", async () => {
    const hashes = [];
    const looks = [{}, { randomViews: 3, seed: 1 }, { randomViews: 3, seed: 1 }, { randomViews: 3, seed: 2 }];
    for (const look of looks) {
      const { trained } = await train({}, { ...plan, ...look });
      hashes.push(trained.weightsSha256);
      trained.dispose();
    }
    expect(hashes[1]).not.toBe(hashes[0]);
    expect(hashes[2]).toBe(hashes[1]);
    expect(hashes[3]).not.toBe(hashes[1]);
  });

  it("takes noise away where that does better on images that are held back", async () => {
    const runs = [];
    for (const denoise of ["none", "median3", "auto"] as const) {
      const { trained } = await train({}, { ...plan, denoise });
      runs.push(trained);
      trained.dispose();
    }
    const [none, median, auto] = runs;
    expect(none?.inputSpec.denoise).toBe("none");
    expect(median?.inputSpec.denoise).toBe("median3");
    expect(median?.weightsSha256).not.toBe(none?.weightsSha256);
    const chosen = auto?.inputSpec.denoise === "none" ? none : median;
    expect(auto?.weightsSha256).toBe(chosen?.weightsSha256);
    expect(auto?.outcome).toContain(`noise removal ${chosen?.inputSpec.denoise}`);
  });

  it("tries fewer ways to fit where the budget is short, and is no other head where it is long", async () => {
    const { trained: free } = await train();
    const { trained: rich } = await train({ deadline: ticking(1e9) });
    const { trained: poor } = await train({ deadline: ticking(1) });
    expect(rich.weightsSha256).toBe(free.weightsSha256);
    expect(rich.outcome).toBe(free.outcome);
    expect(poor.outcome).toMatch(/the time was enough for 1 of \d ways to fit it/);
    for (const { dispose } of [free, rich, poor]) dispose();
  });

  it("goes through the release of every model, its backbone's codes kept to the bit", async () => {
    const { job, trained } = await train();
    const facts = { runId: "run-1", startedAt: new Date(0), config: {}, seed: 1, engine: "wasm" };
    const { dataset, engine } = job;
    const run = { model: "gate", dataset, trained, engine, facts, targetPrecision: 0.8 };
    const release = await releaseTrained(run, silent);
    expect(release.evaluation.precisionTarget?.precision).toBe(0.8);
    const [first] = tinyBackbone().tflite.weights;
    const { manifest, files } = release;
    expect(manifest.quantization.scheme).toBe("uint8");
    expect(manifest.licence).toContain("Apache-2.0");
    expect(manifest.outputs).toMatchObject({ logits: "logits", embedding: { size: 4 } });
    expect(manifest.metrics.parity.top1Agreement).toBe(1);
    const weights = Buffer.concat(
      files.filter(({ path }) => path.endsWith(".bin")).map(({ bytes }) => bytes),
    );
    // From OHWI to HWIO: the output channel becomes the fastest index.
    const moved = Uint8Array.from(first.codes, (_, i) => first.codes[(i % 4) * 27 + Math.floor(i / 4)] ?? 0);
    expect(weights.includes(Buffer.from(moved))).toBe(true);
    const validated = await trained.crossValidate?.();
    expect(validated).toMatchObject({ folds: 5, images: dataset.manifest.images.length });
    trained.dispose();
  });

  it("can be interrupted while features are computed, and goes on", async () => {
    const other = await tinyDatasetFolder(12);
    const job = await tinyJob(other);
    const controller = new AbortController();
    controller.abort();
    const aborted = trainHead({ ...job, signal: controller.signal }, plan, await openTinyBackbone(), silent);
    await expect(aborted).rejects.toMatchObject({ code: "interrupted" });
    const resumed = await trainHead(job, plan, await openTinyBackbone(), silent);
    const uninterrupted = await trainHead(
      { ...job, cacheRoot: `${other}/elsewhere` },
      plan,
      await openTinyBackbone(),
      silent,
    );
    expect(resumed.weightsSha256).toBe(uninterrupted.weightsSha256);
    resumed.dispose();
    uninterrupted.dispose();
    await rm(other, { recursive: true });
  });
});
