import { describe, expect, it } from "vitest";
import type { ModelLoader } from "../../../edge/model/load-model.ts";
import { defaultRolloutGuard, parseAliasRecord, type Rollout } from "../../../shared/contract/alias.ts";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import type { Readiness, RolloutState } from "../../../shared/contract/service.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type HandMadeOptions,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { createGate } from "../../fixtures/gate.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge, pollMs } from "./open-edge.ts";

const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);

/** Says of every image that it shows none of the classes. */
const knowsNothing: HandMadeOptions["editManifest"] = (manifest) => {
  manifest.unknown = { rule: "max-probability", threshold: 1 };
};

function classifyBadly(): never {
  throw new Error("out of memory");
}

async function classify(edge: Edge, device: string): Promise<ClassifyAnswer> {
  const post = imagePost(red);
  const response = await edge.fetch("/classify", {
    ...post,
    headers: { "content-type": "image/png", "x-device-id": device },
  });
  expect(response.status).toBe(200);
  return response.json();
}

/** The version that each of some devices gets. */
async function versionsOf(edge: Edge, devices: number): Promise<string[]> {
  const versions: string[] = [];
  for (let i = 0; i < devices; i++) versions.push((await classify(edge, `phone-${i}`)).version);
  return versions;
}

async function readiness(edge: Edge): Promise<Readiness> {
  return (await edge.fetch("/health/ready")).json();
}

async function seenBy(edge: Edge): Promise<RolloutState["seen"]> {
  const { rollout } = await readiness(edge);
  if (rollout === null) throw new Error("no rollout");
  return rollout.seen;
}

describe("a rollout", () => {
  let edge: Edge;
  let stable: HandMadeBundle;
  let candidate: HandMadeBundle;

  async function begin(
    shares: Partial<Rollout>,
    options: HandMadeOptions = {},
    wrapLoad?: (load: ModelLoader) => ModelLoader,
  ): Promise<void> {
    edge = openEdge(undefined, undefined, {}, undefined, wrapLoad === undefined ? {} : { wrapLoad });
    stable = await handMadeBundle({ model: edge.model });
    candidate = await handMadeBundle({ model: edge.model, seed: 2, ...options });
    await putVersion(edge.store, stable);
    await putVersion(edge.store, candidate);
    await change(shares);
    // the first looks at the alias, the second loads what it tries
    await classify(edge, "first");
    await classify(edge, "second");
  }

  async function change(shares: Partial<Rollout> | null): Promise<void> {
    const rollout: Rollout = {
      version: candidate.manifest.version,
      manifestSha256: candidate.manifestSha256,
      canaryFraction: 0,
      shadow: false,
      startedAt: "2026-01-31T00:00:00Z",
      guard: { ...defaultRolloutGuard, minimumAnswers: 10 },
    };
    await putAlias(
      edge.store,
      stable,
      "champion",
      shares === null ? {} : { rollout: { ...rollout, ...shares } },
    );
    edge.advance(pollMs);
  }

  async function storedRecord() {
    const object = await edge.store.get(objectKeys.alias(edge.model, "champion"));
    if (object.kind !== "found") throw new Error("no alias");
    return parseAliasRecord(object.bytes, "alias");
  }

  const ends = (): readonly unknown[] => edge.logged.filter(({ event }) => event === "rollout-ended");

  it("gives a canary to about its fraction of the devices, the same ones every time", async () => {
    await begin({ canaryFraction: 0.5 });
    const versions = await versionsOf(edge, 60);
    const tried = versions.filter((version) => version === candidate.manifest.version).length;

    expect(tried).toBeGreaterThan(15);
    expect(tried).toBeLessThan(45);
    expect(await versionsOf(edge, 60)).toEqual(versions);
  });

  it("keeps who is in when the fraction grows, without a redeploy, within one look at the alias", async () => {
    await begin({ canaryFraction: 0.3 });
    const before = await versionsOf(edge, 40);
    await change({ canaryFraction: 0.7 });
    await classify(edge, "looks");
    const after = await versionsOf(edge, 40);
    const { version } = candidate.manifest;

    expect(before.every((had, i) => had !== version || after[i] === version)).toBe(true);
    expect(after.filter((got) => got === version).length).toBeGreaterThan(
      before.filter((had) => had === version).length,
    );
    await change(null);
    await classify(edge, "looks");
    expect(new Set(await versionsOf(edge, 40))).toEqual(new Set([stable.manifest.version]));
  });

  it("answers from the version that serves until the other one has loaded", async () => {
    edge = openEdge();
    stable = await handMadeBundle({ model: edge.model });
    candidate = await handMadeBundle({ model: edge.model, seed: 2 });
    await putVersion(edge.store, stable);
    await putVersion(edge.store, candidate);
    await change({ canaryFraction: 1 });

    expect((await classify(edge, "any")).version).toBe(stable.manifest.version);
    expect((await classify(edge, "any")).version).toBe(candidate.manifest.version);
    expect((await readiness(edge)).rollout).toMatchObject({ loaded: true, canaryFraction: 1, ended: null });
  });

  it("takes over at once when it is promoted, since it is loaded already", async () => {
    await begin({ canaryFraction: 0.5 });
    await putAlias(edge.store, candidate);
    edge.advance(pollMs);
    const reads = edge.reads.length;
    await classify(edge, "looks");

    expect(new Set(await versionsOf(edge, 20))).toEqual(new Set([candidate.manifest.version]));
    expect(edge.reads.slice(reads)).toEqual([objectKeys.alias(edge.model, "champion")]);
  });

  it("compares both versions behind the answer, whoever gave it", async () => {
    await begin({ canaryFraction: 0.5, shadow: true });
    const before = await seenBy(edge);
    await versionsOf(edge, 20);
    const after = await seenBy(edge);

    expect(after.compared - before.compared).toBe(20);
    expect(after.stable.answers - before.stable.answers).toBe(20);
    expect(after.candidate.answers - before.candidate.answers).toBe(20);
    expect(after.disagreed).toBe(0);
  });

  it("never shows what a shadow said, and ends when it says something else", async () => {
    await begin({ shadow: true }, { labels: ["rot", "grün", "blau"] });
    for (let i = 0; i < 12; i++) {
      const { version, predictions } = await classify(edge, `phone-${i}`);
      expect({ version, label: predictions[0]?.label }).toEqual({
        version: stable.manifest.version,
        label: "red",
      });
    }

    expect(ends()).toMatchObject([{ candidate: candidate.manifest.version, level: "error" }]);
    expect(await storedRecord()).toMatchObject({
      version: stable.manifest.version,
      lastRollback: {
        version: candidate.manifest.version,
        by: "edgewise worker",
        reason: "of 10 images 10 got another class than from the version that serves",
      },
    });
    expect(await storedRecord()).not.toHaveProperty("rollout");
  });

  it("ends when its version knows nothing: all callers are back at once, and it is reported", async () => {
    await begin({ canaryFraction: 0.5 }, { editManifest: knowsNothing });
    await versionsOf(edge, 40);
    const { rollout, lastRollback } = await readiness(edge);

    expect(new Set(await versionsOf(edge, 40))).toEqual(new Set([stable.manifest.version]));
    expect(ends()).toHaveLength(1);
    expect(rollout).toBeNull();
    expect(lastRollback).toMatchObject({ version: candidate.manifest.version, by: "edgewise worker" });
    const listed = await (await edge.fetch("/models")).text();
    expect(listed).toContain('"lastRollback"');
  });

  it("costs no answer when its version fails: the image goes to the version that serves", async () => {
    await begin({ canaryFraction: 1 }, {}, (load) => async (located, room) => {
      const loaded = await load(located, room);
      if (located.version !== candidate.manifest.version) return loaded;
      return { ...loaded, classifier: { ...loaded.classifier, classify: classifyBadly } };
    });
    const versions = await versionsOf(edge, 12);

    expect(new Set(versions)).toEqual(new Set([stable.manifest.version]));
    expect(ends()).toHaveLength(1);
    expect((await storedRecord()).lastRollback?.reason).toContain("failed");
  });

  it("costs no answer when no other model can be loaded now: the version that serves answers", async () => {
    const gate = createGate();
    edge = openEdge(undefined, undefined, {}, undefined, {
      wrapLoad: (load) => async (located, room) => {
        if (located.version !== stable.manifest.version) await gate.opened;
        return load(located, room);
      },
    });
    stable = await handMadeBundle({ model: edge.model });
    candidate = await handMadeBundle({ model: edge.model, seed: 2 });
    await putVersion(edge.store, stable);
    await change(null);
    await classify(edge, "first");
    const others = await Promise.all(
      Array.from({ length: 8 }, (_, i) => handMadeBundle({ model: edge.model, seed: 3 + i })),
    );
    // a body that does not tell its length would take half the room
    const headers = { "content-type": "image/png", "content-length": String(red.length) };
    const loading: Promise<Response>[] = [];
    for (const other of others) {
      await putVersion(edge.store, other);
      loading.push(edge.fetch(`/classify?version=${other.manifest.version}`, { ...imagePost(red), headers }));
    }
    await change({ canaryFraction: 1 });
    await classify(edge, "looks");

    expect((await classify(edge, "any")).version).toBe(stable.manifest.version);
    expect(edge.logged.filter(({ event }) => event === "candidate-not-loaded")).toHaveLength(1);
    gate.open();
    await Promise.all(loading);
  });

  it("serves on when its version is broken, and says why", async () => {
    await begin({ canaryFraction: 1, manifestSha256: "0".repeat(64) });

    expect(new Set(await versionsOf(edge, 5))).toEqual(new Set([stable.manifest.version]));
    expect((await readiness(edge)).rollout).toMatchObject({ loaded: false });
  });

  it("leaves a rollout alone that somebody changed meanwhile", async () => {
    await begin({ canaryFraction: 0.5 }, { editManifest: knowsNothing });
    const anew = { canaryFraction: 0.2, startedAt: "2026-02-01T00:00:00Z" };
    await change(anew);
    edge.advance(-pollMs);
    await versionsOf(edge, 40);

    expect(ends()).toEqual([]);
    expect((await storedRecord()).rollout).toMatchObject(anew);
  });

  it("ends here even when the store does not take it, and is written as soon as it does", async () => {
    let isDown = true;
    edge = openEdge((store) => ({
      ...store,
      put: (key, bytes, options) =>
        isDown ? Promise.reject(new Error("no route")) : store.put(key, bytes, options),
    }));
    stable = await handMadeBundle({ model: edge.model });
    candidate = await handMadeBundle({ model: edge.model, seed: 2, editManifest: knowsNothing });
    await putVersion(edge.store, stable);
    await putVersion(edge.store, candidate);
    await change({ canaryFraction: 0.5 });
    await versionsOf(edge, 40);

    expect(new Set(await versionsOf(edge, 40))).toEqual(new Set([stable.manifest.version]));
    expect((await storedRecord()).rollout).toBeDefined();
    isDown = false;
    edge.advance(pollMs);
    await classify(edge, "any");
    expect((await storedRecord()).rollout).toBeUndefined();
    expect(ends()).toHaveLength(1);
  });
});
