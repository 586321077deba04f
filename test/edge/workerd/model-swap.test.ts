import { beforeEach, describe, expect, it } from "vitest";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { createGate } from "../../fixtures/gate.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge, pollMs } from "./open-edge.ts";

const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);

async function classify(edge: Edge): Promise<ClassifyAnswer> {
  const response = await edge.fetch("/classify", imagePost(red));
  expect(response.status).toBe(200);
  return response.json();
}

async function versionServed(edge: Edge): Promise<string> {
  return (await classify(edge)).version;
}

interface Readiness {
  readonly status: string | number;
  readonly version: string;
  readonly detail: string;
  readonly selfTest: { readonly atLoad: { readonly vectors: number; readonly maxLogitDelta: number } };
  readonly memory: { readonly wasmBytes: number; readonly tensors: number };
  readonly refused: readonly { readonly version: string; readonly code: string; readonly detail: string }[];
}

async function readiness(edge: Edge): Promise<Readiness> {
  return (await edge.fetch("/health/ready")).json();
}

/** Publishes and promotes, then lets the edge look at the alias. */
async function promote(edge: Edge, bundle: HandMadeBundle): Promise<void> {
  await putVersion(edge.store, bundle);
  await point(edge, bundle);
}

async function point(edge: Edge, bundle: HandMadeBundle): Promise<void> {
  await putAlias(edge.store, bundle);
  edge.advance(pollMs);
  await edge.fetch("/health/ready");
}

async function corruptShard(edge: Edge, bundle: HandMadeBundle): Promise<void> {
  const path = "group1-shard2of2.bin";
  const bytes = Uint8Array.from(bundle.files.get(path) ?? []);
  bytes[10] = (bytes[10] ?? 0) ^ 1;
  await edge.store.put(objectKeys.versionFile(edge.model, bundle.manifest.version, path), bytes);
}

describe("the model cache", () => {
  let edge: Edge;
  let first: HandMadeBundle;
  let second: HandMadeBundle;

  beforeEach(async () => {
    edge = openEdge();
    first = await handMadeBundle({ model: edge.model });
    second = await handMadeBundle({ model: edge.model, seed: 2, labels: ["rot", "grün", "blau"] });
  });

  it("is not ready while nothing is promoted, and says when to come back", async () => {
    const response = await edge.fetch("/health/ready");

    expect(response.status).toBe(503);
    expect(response.headers.get("retry-after")).toBe("5");
    expect(response.headers.get("content-type")).toBe("application/problem+json");
    expect(await response.json()).toMatchObject({ code: "model_unavailable", refused: [] });
  });

  it("asks the store for a missing alias once a poll, however many requests come", async () => {
    for (let i = 0; i < 5; i++) await edge.fetch("/classify", imagePost(red));
    expect(edge.reads).toHaveLength(1);

    edge.advance(pollMs);
    await edge.fetch("/classify", imagePost(red));
    expect(edge.reads).toHaveLength(2);
  });

  it("serves the first version that is promoted", async () => {
    await edge.fetch("/health/ready");
    await promote(edge, first);

    expect(await classify(edge)).toMatchObject({ model: edge.model, version: first.manifest.version });
    const ready = await readiness(edge);
    expect(ready).toMatchObject({ status: "ready", version: first.manifest.version, refused: [] });
    expect(ready.selfTest.atLoad.vectors).toBe(3);
    expect(ready.selfTest.atLoad.maxLogitDelta).toBeLessThan(1e-5);
  });

  it("answers from the old version while the new one loads, then from the new one", async () => {
    await promote(edge, first);
    await putVersion(edge.store, second);
    await putAlias(edge.store, second);

    expect(await versionServed(edge)).toBe(first.manifest.version);
    edge.advance(pollMs);
    expect(await versionServed(edge)).toBe(first.manifest.version);
    const answer = await classify(edge);
    expect(answer.version).toBe(second.manifest.version);
    expect(answer.predictions[0]?.label).toBe("rot");
  });

  it("looks at the alias no more than once a poll", async () => {
    await promote(edge, first);
    const before = edge.reads.length;

    for (let i = 0; i < 10; i++) await classify(edge);
    expect(edge.reads.length).toBe(before);
    edge.advance(pollMs);
    for (let i = 0; i < 10; i++) await classify(edge);
    expect(edge.reads.slice(before)).toEqual([objectKeys.alias(edge.model, "champion")]);
  });

  it("refuses a version with one corrupt byte, keeps the old one and says so", async () => {
    await promote(edge, first);
    await putVersion(edge.store, second);
    await corruptShard(edge, second);
    await point(edge, second);

    expect(await versionServed(edge)).toBe(first.manifest.version);
    const ready = await readiness(edge);
    expect(ready).toMatchObject({ status: "ready", version: first.manifest.version });
    expect(ready.refused).toMatchObject([{ version: second.manifest.version, code: "integrity_mismatch" }]);
    expect(ready.refused[0]?.detail).toContain("group1-shard2of2.bin has sha256");
  });

  it("tries a refused version again, later each time, and takes it once it is whole", async () => {
    await promote(edge, first);
    await putVersion(edge.store, second);
    await corruptShard(edge, second);
    await point(edge, second);
    const tries = (): number => edge.logged.filter((entry) => entry.event === "model-refused").length;

    expect(tries()).toBe(1);
    await edge.fetch("/health/ready");
    expect(tries()).toBe(1);
    edge.advance(pollMs);
    await edge.fetch("/health/ready");
    expect(tries()).toBe(2);
    edge.advance(pollMs);
    await edge.fetch("/health/ready");
    expect(tries()).toBe(2);

    await putVersion(edge.store, second);
    edge.advance(pollMs);
    await edge.fetch("/health/ready");
    expect(await versionServed(edge)).toBe(second.manifest.version);
    expect((await readiness(edge)).refused).toEqual([]);
  });

  it("forgets a refused version when the alias goes back", async () => {
    await promote(edge, first);
    await putVersion(edge.store, second);
    await corruptShard(edge, second);
    await point(edge, second);
    await point(edge, first);

    expect(await readiness(edge)).toMatchObject({ status: "ready", refused: [] });
  });

  it("refuses a version whose golden vectors do not come out", async () => {
    await promote(edge, first);
    const wrong = await handMadeBundle({
      model: edge.model,
      seed: 3,
      editManifest: (manifest) => {
        const [vector, ...others] = manifest.golden.vectors;
        if (vector === undefined) throw new Error("no vector");
        const logits = vector.logits.map((logit, i) => (i === 0 ? logit + 0.001 : logit));
        manifest.golden = { ...manifest.golden, vectors: [{ ...vector, logits }, ...others] };
      },
    });
    const { tensors } = (await readiness(edge)).memory;
    await promote(edge, wrong);

    expect(await versionServed(edge)).toBe(first.manifest.version);
    const ready = await readiness(edge);
    expect(ready.refused).toMatchObject([{ version: wrong.manifest.version, code: "self_test_failed" }]);
    expect(ready.memory.tensors).toBe(tensors);
  });

  it("refuses a version whose manifest was never written", async () => {
    await promote(edge, first);
    await putVersion(edge.store, second);
    await edge.store.delete(objectKeys.versionManifest(edge.model, second.manifest.version));
    await point(edge, second);

    expect(await versionServed(edge)).toBe(first.manifest.version);
    const { refused } = await readiness(edge);
    expect(refused).toMatchObject([{ code: "integrity_mismatch" }]);
    expect(refused[0]?.detail).toContain("manifest.json is missing");
  });

  it("refuses a manifest that is not the promoted one", async () => {
    await promote(edge, first);
    const renamed = await handMadeBundle({ model: edge.model, labels: ["a", "b", "c"] });
    await putVersion(edge.store, renamed);
    await point(edge, { ...renamed, manifestSha256: "0".repeat(64) });

    expect(await versionServed(edge)).toBe(first.manifest.version);
    expect((await readiness(edge)).refused).toMatchObject([{ code: "integrity_mismatch" }]);
  });

  it("keeps serving when the alias is broken or gone", async () => {
    await promote(edge, first);
    await edge.store.put(objectKeys.alias(edge.model, "champion"), new TextEncoder().encode("{"));
    edge.advance(pollMs);
    await edge.fetch("/health/ready");
    expect(await versionServed(edge)).toBe(first.manifest.version);

    await edge.store.delete(objectKeys.alias(edge.model, "champion"));
    edge.advance(pollMs);
    await edge.fetch("/health/ready");
    expect(await versionServed(edge)).toBe(first.manifest.version);
    expect(edge.logged.filter((entry) => entry.event === "alias-not-read")).toHaveLength(2);
  });

  it("answers 503 with the reason when the only version is corrupt", async () => {
    await putVersion(edge.store, first);
    await corruptShard(edge, first);
    await putAlias(edge.store, first);

    const ready = await readiness(edge);
    expect(ready).toMatchObject({ status: 503, code: "model_unavailable" });
    expect(ready.detail).toContain("was refused: group1-shard2of2.bin has sha256");
    expect(ready.refused).toMatchObject([{ version: first.manifest.version, code: "integrity_mismatch" }]);
  });

  it("loads once for many requests that come at the same time", async () => {
    await putVersion(edge.store, first);
    await putAlias(edge.store, first);

    const responses = await Promise.all(
      Array.from({ length: 8 }, () => edge.fetch("/classify", imagePost(red))),
    );

    expect(responses.map((response) => response.status)).toEqual(Array.from({ length: 8 }, () => 200));
    expect(edge.reads.filter((key) => key.endsWith("model.json"))).toHaveLength(1);
  });

  it("keeps tensors and WASM memory flat over fifty swaps", async () => {
    await putVersion(edge.store, first);
    await putVersion(edge.store, second);
    for (const bundle of [first, second, first, second]) await point(edge, bundle);
    const settled = (await readiness(edge)).memory;

    for (let i = 0; i < 50; i++) await point(edge, i % 2 === 0 ? first : second);

    expect((await readiness(edge)).memory).toEqual(settled);
    expect(edge.logged.filter((entry) => entry.event === "model-loaded")).toHaveLength(54);
  });
});

describe("a load that never ends", () => {
  it("is taken over by a later request, and its late result is not served", async () => {
    const reached = createGate();
    const released = createGate();
    let gets = 0;
    const edge = openEdge((store) => ({
      ...store,
      get: async (key, options) => {
        if (key.endsWith("model.json") && gets++ === 0) {
          reached.open();
          await released.opened;
        }
        return store.get(key, options);
      },
    }));
    const first = await handMadeBundle({ model: edge.model });
    const second = await handMadeBundle({ model: edge.model, seed: 2 });
    await putVersion(edge.store, first);
    await putVersion(edge.store, second);
    await putAlias(edge.store, first);

    const stuck = edge.fetch("/classify", imagePost(red));
    await reached.opened;
    await putAlias(edge.store, second);
    edge.advance(30_000);
    expect(await versionServed(edge)).toBe(second.manifest.version);

    released.open();
    expect((await stuck).status).toBe(200);
    expect(await versionServed(edge)).toBe(second.manifest.version);
  });
});
