import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { runJobTask } from "../../../trainer/pipeline/jobs.ts";
import { runReleaseTask } from "../../../trainer/pipeline/tasks.ts";
import { readAlias } from "../../../trainer/release/alias.ts";
import { openPipelineBench, type PipelineBench, quickSettings } from "./pipeline-bench.ts";

describe("the tasks of a retraining, in their order", () => {
  let folder: string;
  let bench: PipelineBench;
  let runId: string;
  const settings = quickSettings({ canarySteps: 2 });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-pipeline-"));
    bench = openPipelineBench(folder);
    await bench.upload(12);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const start = async (execution: string, changes = {}): Promise<Record<string, unknown>> => {
    bench.running.add(execution);
    bench.advance(1000);
    return bench.decide({ task: "begin", execution, request: { settings, ...changes } });
  };
  const decide = (task: string) => bench.decide({ task, runId });
  const release = (task: string) => bench.release({ task, runId });
  const job = (task: "audit" | "train" | "evaluate") => runJobTask(bench.jobContext, task, runId);

  it("train, gate, publish and promote the first version", async ({ expect }) => {
    const begun = await start("first");
    expect(begun).toMatchObject({ outcome: "started" });
    runId = String(begun["runId"]);
    expect(await decide("inspect")).toMatchObject({ decision: "train", newImages: 24, champion: null });
    await job("audit");
    expect(await decide("judge-data")).toMatchObject({ sound: true, images: 24, faults: 0 });
    const trained = await job("train");
    expect(await job("train"), "a repeated job does not train again").toEqual(trained);
    await job("evaluate");
    const gated = await decide("gate");
    expect(gated).toMatchObject({ promote: true });
    expect(await bench.context.serving.list("")).toEqual({ objects: [] });
    await release("publish");
    expect(await release("start-canary")).toMatchObject({ kind: "direct" });
    expect(await release("promote")).toMatchObject({ serving: gated["version"] });
    expect(await serving(bench.context.serving)).toMatchObject({ version: gated["version"] });
    expect(await decide("finish")).toMatchObject({ outcome: "promoted", again: false });
  });

  it("measure the champion again where nothing is new", async ({ expect }) => {
    runId = String((await start("second"))["runId"]);
    expect(await decide("inspect")).toMatchObject({ decision: "reevaluate", newImages: 0 });
    await job("evaluate");
    expect(await decide("judge-champion")).toMatchObject({ drop: 0, wornOut: false });
    expect(bench.metrics.map(({ name }) => name)).toContain("ChampionAccuracyDrop");
    expect(await decide("finish")).toMatchObject({ outcome: "reevaluated" });
  });

  it("do nothing after a review that brings too little", async ({ expect }) => {
    runId = String((await start("third", { trigger: "feedback" }))["runId"]);
    expect(await decide("inspect")).toMatchObject({ decision: "stop" });
    expect(await decide("finish")).toMatchObject({ outcome: "nothing-to-do" });
  });

  it("try a challenger as a canary, and complete a publication that stopped half way", async ({ expect }) => {
    await bench.upload(16);
    const champion = (await serving(bench.context.record))?.version;
    runId = String((await start("fourth"))["runId"]);
    expect(await decide("inspect")).toMatchObject({ decision: "train", newImages: 8 });
    for (const task of ["audit", "train", "evaluate"] as const) await job(task);
    const { promote, version, reasons } = await decide("gate");
    expect(reasons).toEqual([]);
    expect(promote).toBe(true);
    const failing = { ...bench.context, serving: failingAfter(3, bench.context.serving) };
    await expect(runReleaseTask(failing, { task: "publish", runId })).rejects.toThrow("connection lost");
    expect(await serving(bench.context.serving)).toMatchObject({ version: champion });
    await release("publish");
    expect(await release("start-canary")).toMatchObject({ kind: "canary", waitSeconds: 600 });
    expect(await serving(bench.context.serving)).toMatchObject({ version: champion, rollout: { version } });
    expect(await release("guard")).toMatchObject({ verdict: "wait", looks: 1 });
    expect(await release("guard")).toMatchObject({ verdict: "promote", looks: 2 });
    await release("promote");
    await release("promote");
    expect(await serving(bench.context.serving)).toMatchObject({ version, previous: champion });
    expect(await decide("finish")).toMatchObject({ outcome: "promoted" });
  });

  it("take a canary back that the run leaves behind", async ({ expect }) => {
    const champion = (await serving(bench.context.record))?.version;
    runId = String((await start("fifth", { force: true }))["runId"]);
    await decide("inspect");
    for (const task of ["audit", "train", "evaluate"] as const) await job(task);
    await decide("gate");
    await release("publish");
    await release("start-canary");
    await release("roll-back");
    await release("roll-back");
    const record = await serving(bench.context.serving);
    expect(record?.version).toBe(champion);
    expect(record?.rollout).toBeUndefined();
    const failure = { Error: "States.TaskFailed", Cause: "the Worker is gone" };
    expect(await bench.decide({ task: "finish", runId, failure })).toMatchObject({
      outcome: "failed",
      subject: "edgewise gate: failed",
    });
  });
});

/** The record of the alias that serves, as a store has it. */
async function serving(store: ObjectStore) {
  return (await readAlias(store, "gate", "champion"))?.record;
}

/** A store whose writes fail after so many. */
function failingAfter(writes: number, store: ObjectStore): ObjectStore {
  let left = writes;
  return {
    get: (key, options) => store.get(key, options),
    head: (key) => store.head(key),
    list: (prefix, options) => store.list(prefix, options),
    delete: (key) => store.delete(key),
    put: async (key, bytes, options) => {
      left -= 1;
      if (left < 0) throw new Error("connection lost");
      return store.put(key, bytes, options);
    },
  };
}
