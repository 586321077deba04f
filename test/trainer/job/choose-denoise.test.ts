import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { choosePlan, type PlanWishes } from "../../../trainer/job/choose-plan.ts";
import { chooseDenoisedPlan } from "../../../trainer/job/choose-denoise.ts";
import type { FinetunePlan, HeadPlan, ScratchPlan } from "../../../trainer/job/plan.ts";
import type { PlanFacts } from "../../../trainer/job/plan-facts.ts";
import { trainFinetune } from "../../../trainer/job/train-finetune.ts";
import { trainHead } from "../../../trainer/job/train-head.ts";
import { trainScratch } from "../../../trainer/job/train-scratch.ts";
import type { TrainedClassifier, TrainingJob } from "../../../trainer/job/trained-classifier.ts";
import { openTinyFeatures } from "../backbones/tiny-features.ts";
import { writeFiles } from "../data/small-dataset.ts";
import { type Spoiling, stripedImages } from "./noisy-images.ts";
import { silent, tinyJob } from "./tiny-job.ts";

const kinds = { clean: {}, dotted: { dots: true }, noisy: { impulses: 0.2 } } as const satisfies Record<
  string,
  Spoiling
>;
const folders: string[] = [];
const jobs = {} as Record<keyof typeof kinds, TrainingJob>;

beforeAll(async () => {
  for (const kind of Object.keys(kinds) as (keyof typeof kinds)[]) {
    const folder = await mkdtemp(join(tmpdir(), "edgewise-denoise-"));
    folders.push(folder);
    await writeFiles(join(folder, "images"), stripedImages(60, kinds[kind]));
    jobs[kind] = await tinyJob(folder);
  }
});
afterAll(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true }))));

const scratch: PlanWishes = { mode: "scratch", scratch: { size: 16, width: 0.25, epochs: 12 } };

function factsOf({ dataset, engine, deadline, store, signal }: TrainingJob): PlanFacts {
  const { manifest } = dataset;
  return {
    dataset: manifest,
    isDrawn: false,
    seed: 1,
    engine,
    deadline,
    decodeMs: 1,
    store,
    signal,
    workers: 1,
  };
}

function choose(kind: keyof typeof kinds, wishes: PlanWishes): ReturnType<typeof chooseDenoisedPlan> {
  return chooseDenoisedPlan(jobs[kind], wishes, factsOf(jobs[kind]), silent);
}

describe("noise removal of a net from scratch", () => {
  it("is not tried on clean images, whose plan is the one without it", async () => {
    const plain = await choosePlan(scratch, factsOf(jobs.clean), silent);
    expect(await choose("clean", scratch)).toEqual(plain);
  });

  it("is tried by itself on images of salt and pepper, and kept in the input spec", async () => {
    const { plan, why } = await choose("noisy", scratch);
    expect(why).toMatch(
      /^as asked; \d.* of the values are impulse noise; noise removal median3 by short trials/,
    );
    expect(plan).toMatchObject({ mode: "scratch", denoise: "median3" });
    const trained = await trainScratch(jobs.noisy, plan as ScratchPlan, silent);
    expect(trained.inputSpec.denoise).toBe("median3");
    trained.dispose();
  });

  it("is tried where that is asked, and left out where it takes away what tells the classes", async () => {
    const { plan, why } = await choose("dotted", { ...scratch, denoise: "auto" });
    expect(why).toContain("noise removal none by short trials");
    expect(plan).toMatchObject({ denoise: "none" });
    expect((await choose("dotted", scratch)).plan).not.toHaveProperty("denoise");
  });
});

const head: HeadPlan = { mode: "head", backbone: "tiny", size: 16, views: 1, denoise: "auto" };
const finetune: FinetunePlan = {
  mode: "finetune",
  backbone: "tiny",
  size: 16,
  teacher: null,
  teacherShare: 0.7,
  views: 1,
  denoise: "auto",
  seed: 1,
  epochs: 3,
  batchSize: 8,
  learningRate: 0.003,
  tailRate: 0.3,
  weightDecay: 0.01,
};
const ways = {
  "a head": async (job: TrainingJob): Promise<TrainedClassifier> =>
    trainHead(job, head, await openTinyFeatures(), silent),
  "last layers": async (job: TrainingJob): Promise<TrainedClassifier> =>
    trainFinetune(job, finetune, await openTinyFeatures(), silent),
};

describe.for(["a head", "last layers"] as const)("noise removal of %s", (way) => {
  it.for([
    ["noisy", "median3"],
    ["dotted", "none"],
  ] as const)("on %s images is %s by what is held back, and kept", async ([kind, wanted]) => {
    const trained = await ways[way]({ ...jobs[kind], store: createMemoryStore() });
    expect(trained.inputSpec.denoise).toBe(wanted);
    expect(trained.outcome).toContain(`, noise removal ${wanted}`);
    trained.dispose();
  });
});

it("stays as it was chosen where tuning the last layers does not help", async () => {
  const job = { ...jobs.noisy, store: createMemoryStore() };
  const trained = await trainFinetune(
    job,
    { ...finetune, learningRate: 1e-20 },
    await openTinyFeatures(),
    silent,
  );
  expect(trained.outcome).toMatch(/^tuning the last layers did not help.*, noise removal median3$/);
  expect(trained.inputSpec.denoise).toBe("median3");
  trained.dispose();
});
