import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openNamed } from "../../../trainer/backbones/open-backbone.ts";
import { choosePlan, type PlanChoice, type PlanWishes } from "../../../trainer/job/choose-plan.ts";
import type { Reporter } from "../../../trainer/job/reporter.ts";
import { releaseTrained } from "../../../trainer/job/release-trained.ts";
import { trainFinetune } from "../../../trainer/job/train-finetune.ts";
import { trainHead } from "../../../trainer/job/train-head.ts";
import type { TrainedClassifier, TrainingJob } from "../../../trainer/job/trained-classifier.ts";
import { functionalNet, randomizeWeights, saveLayers } from "../import/tfjs/tfjs-models.ts";
import { useCpu } from "../release/backends.ts";
import { silent, tinyDatasetFolder, tinyJob } from "./tiny-job.ts";

let folder: string;
let net: string;
beforeAll(async () => {
  folder = await tinyDatasetFolder();
  await useCpu();
  const model = functionalNet(16);
  randomizeWeights(model, 7);
  const { json, weights } = await saveLayers(model);
  await mkdir(join(folder, "net"));
  net = join(folder, "net", "model.json");
  await writeFile(net, JSON.stringify(json));
  await writeFile(join(folder, "net", "weights.bin"), weights);
});
afterAll(() => rm(folder, { recursive: true }));

async function choose(job: TrainingJob, wishes: Partial<PlanWishes>, reporter = silent): Promise<PlanChoice> {
  const facts = { ...job, dataset: job.dataset.manifest, isDrawn: false, decodeMs: 1 };
  return choosePlan({ mode: "auto", backbone: net, scratch: {}, ...wishes }, facts, reporter);
}

/** Chooses as `train` does, and trains by the choice. */
async function train(
  wishes: Partial<PlanWishes>,
  runId = "run-1",
): Promise<{ readonly job: TrainingJob; readonly choice: PlanChoice; readonly trained: TrainedClassifier }> {
  const job = await tinyJob(folder, runId);
  const choice = await choose(job, wishes);
  const { plan } = choice;
  if (plan.mode === "scratch") throw new Error("a net from nothing was chosen");
  const { backbone, backboneSha256: sha256 } = plan;
  const opened = choice.opened ?? (await openNamed(backbone, { store: job.store, sha256 }));
  const trained =
    plan.mode === "head"
      ? await trainHead(job, plan, opened, silent)
      : await trainFinetune(job, plan, opened, silent);
  return { job, choice, trained };
}

describe("training on a net of one's own", () => {
  it("makes a head by itself, the same for the same seed, its features computed once", async () => {
    const first = await train({});
    const second = await train({});
    expect(first.choice.plan).toMatchObject({
      mode: "head",
      backbone: net,
      size: 16,
      backboneSha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(second.trained.weightsSha256).toBe(first.trained.weightsSha256);
    expect(first.job.times.speeds().map(({ stage }) => stage)).toContain("features");
    expect(second.job.times.speeds().map(({ stage }) => stage)).not.toContain("features");
    first.trained.dispose();
    second.trained.dispose();
  });

  it("records the net, its digest and its licence in what is published", async () => {
    const { job, choice, trained } = await train({ mode: "head" });
    const facts = { runId: "run-1", startedAt: new Date(0), config: {}, seed: 1, engine: "wasm" };
    const { dataset, engine } = job;
    const { manifest, files } = await releaseTrained(
      { model: "gate", dataset, trained, engine, facts },
      silent,
    );
    expect(choice.plan).toHaveProperty("backboneSha256", manifest.provenance.backbone?.sha256);
    expect(manifest.provenance.backbone).toMatchObject({ name: "net", licence: "not stated" });
    expect(manifest.licence).toContain("the features are those of net, licence: not stated");
    const card = files.find(({ path }) => path === "card.md");
    expect(new TextDecoder().decode(card?.bytes)).toContain("- Features of net (SHA-256 ");
    trained.dispose();
  });

  it("tunes its last layers, without a teacher unless one is named, the same for the same seed", async () => {
    const hashes = [];
    for (const runId of ["tune-1", "tune-2"]) {
      const { choice, trained } = await train({ mode: "finetune", views: 1, scratch: { epochs: 3 } }, runId);
      expect(choice.plan).toMatchObject({ mode: "finetune", teacher: null, size: 16 });
      hashes.push(trained.weightsSha256);
      trained.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
  });

  it("says what it takes for granted of a model.json", async () => {
    const said: string[] = [];
    const reporter: Reporter = { ...silent, say: (text) => said.push(text) };
    const { opened } = await choose(await tinyJob(folder), {}, reporter);
    opened?.embedder.dispose();
    expect(said.join()).toMatch(/model.json is taken to want pixels -1..1, channels rgb, crop 0.875/);
  });
});
