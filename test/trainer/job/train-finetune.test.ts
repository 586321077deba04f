import { rm } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { FinetunePlan } from "../../../trainer/job/plan.ts";
import { releaseTrained } from "../../../trainer/job/release-trained.ts";
import type { Reporter } from "../../../trainer/job/reporter.ts";
import { trainFinetune } from "../../../trainer/job/train-finetune.ts";
import type { TrainedClassifier, TrainingJob } from "../../../trainer/job/trained-classifier.ts";
import { openTinyFeatures } from "../backbones/tiny-features.ts";
import { silent, tinyDatasetFolder, tinyJob } from "./tiny-job.ts";

const plan: FinetunePlan = {
  mode: "finetune",
  backbone: "tiny",
  size: 16,
  teacher: null,
  teacherShare: 0.7,
  views: 2,
  seed: 1,
  epochs: 6,
  batchSize: 8,
  learningRate: 0.003,
  tailRate: 0.3,
  weightDecay: 0.01,
};

let folder: string;
beforeAll(async () => {
  folder = await tinyDatasetFolder();
});
afterAll(() => rm(folder, { recursive: true }));

async function train(job: TrainingJob, reporter = silent, wanted = plan): Promise<TrainedClassifier> {
  return trainFinetune(job, wanted, await openTinyFeatures(), reporter);
}

describe("the last layers of a backbone", () => {
  it("end with the same weights for the same seed, and with others for another", async () => {
    const hashes = [];
    for (const seed of [1, 1, 2]) {
      const trained = await train(await tinyJob(folder), silent, { ...plan, seed });
      expect(trained.outcome).toMatch(/^tuned the last layers on 66 views/);
      hashes.push(trained.weightsSha256);
      trained.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it("end with the weights of an uninterrupted run when they were interrupted", async () => {
    const whole = await train(await tinyJob(folder));
    const job = await tinyJob(folder);
    const controller = new AbortController();
    const stopping: Reporter = {
      say: () => undefined,
      progress: (title) => ({
        update: (done) => {
          if (title === "tune" && done === 20) controller.abort();
        },
        end: () => undefined,
      }),
    };
    await expect(train({ ...job, signal: controller.signal }, stopping)).rejects.toMatchObject({
      code: "interrupted",
    });
    const resumed = await train(job);
    expect(resumed.weightsSha256).toBe(whole.weightsSha256);
    whole.dispose();
    resumed.dispose();
  });

  it("are released with what was trained quantised, and the rest as it was", async () => {
    const job = await tinyJob(folder);
    const trained = await train(job);
    const facts = { runId: "run-1", startedAt: new Date(0), config: {}, seed: 1, engine: "wasm" };
    const { dataset, engine } = job;
    const release = await releaseTrained({ model: "gate", dataset, trained, engine, facts }, silent);
    const { tensors } = release.manifest.quantization;
    expect(tensors["stem/weights"]).toBe("uint8");
    expect(tensors["logits/bias"]).toBe("none");
    expect(release.manifest.metrics.parity.maxProbabilityDelta).toBeLessThan(0.2);
    expect(release.manifest.architecture).toMatchObject({ name: "tiny", tuned: "stem" });
    trained.dispose();
  });

  it("stay as they are where tuning them does not help on validation", async () => {
    const trained = await train(await tinyJob(folder), silent, { ...plan, learningRate: 1e-20 });
    expect(trained.outcome).toMatch(/^tuning the last layers did not help/);
    expect(trained.architecture).not.toHaveProperty("tuned");
    trained.dispose();
  });
});
