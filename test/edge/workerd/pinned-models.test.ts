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
import { solidPng } from "../../fixtures/png.ts";
import { memoryOf } from "./memory-of.ts";
import { type Edge, imagePost, openEdge, pollMs } from "./open-edge.ts";

const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);
const nowhere = "20260131T000000Z-00000000";

async function publish(edge: Edge, seed: number, model = edge.model): Promise<HandMadeBundle> {
  const bundle = await handMadeBundle({ model, seed });
  await putVersion(edge.store, bundle);
  return bundle;
}

async function versionAt(edge: Edge, path: string): Promise<string> {
  const response = await edge.fetch(path, imagePost(red));
  expect(response.status).toBe(200);
  const answer: ClassifyAnswer = await response.json();
  expect(answer.predictions[0]?.label).toBe("red");
  return answer.version;
}

async function problemAt(edge: Edge, path: string): Promise<unknown> {
  const response = await edge.fetch(path, imagePost(red));
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  return response.json();
}

function loads(edge: Edge): number {
  return edge.logged.filter((entry) => entry.event === "model-loaded").length;
}

describe("a request that names a model", () => {
  let edge: Edge;
  let champion: HandMadeBundle;
  let challenger: HandMadeBundle;

  beforeEach(async () => {
    edge = openEdge();
    champion = await publish(edge, 1);
    challenger = await publish(edge, 2);
    await putAlias(edge.store, champion);
    await putAlias(edge.store, challenger, "challenger");
  });

  it("is answered by the alias or version it pins, while others get the champion", async () => {
    const { model } = edge;
    const { version } = challenger.manifest;

    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
    expect(await versionAt(edge, `/classify?version=${version}`)).toBe(version);
    expect(await versionAt(edge, "/classify?alias=challenger")).toBe(version);
    expect(await versionAt(edge, `/models/${model}/classify?alias=challenger`)).toBe(version);
    expect(await versionAt(edge, `/models/${model}/classify?version=${version}`)).toBe(version);
    expect(await versionAt(edge, `/models/${model}/classify`)).toBe(champion.manifest.version);
    expect(await versionAt(edge, "/classify?alias=champion")).toBe(champion.manifest.version);
    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
  });

  it("is answered by the champion of another model", async () => {
    const other = await publish(edge, 3, `${edge.model}-other`);
    await putAlias(edge.store, other);

    expect(await versionAt(edge, `/models/${other.manifest.model}/classify`)).toBe(other.manifest.version);
    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
  });

  it("follows a pinned alias when it moves", async () => {
    await versionAt(edge, "/classify?alias=challenger");
    await putAlias(edge.store, await publish(edge, 4), "challenger");
    edge.advance(pollMs);
    await versionAt(edge, "/classify?alias=challenger");

    const { version } = (await handMadeBundle({ model: edge.model, seed: 4 })).manifest;
    expect(await versionAt(edge, "/classify?alias=challenger")).toBe(version);
  });

  it("loads a pinned version once, and never asks the store for it again", async () => {
    const path = `/classify?version=${challenger.manifest.version}`;
    await Promise.all(Array.from({ length: 5 }, () => versionAt(edge, path)));
    const reads = edge.reads.length;
    edge.advance(10 * pollMs);
    await versionAt(edge, path);

    expect(loads(edge)).toBe(1);
    expect(edge.reads.length).toBe(reads);
  });

  it("does not load the champion's version a second time", async () => {
    await versionAt(edge, "/classify");

    expect(await versionAt(edge, `/classify?version=${champion.manifest.version}`)).toBe(
      champion.manifest.version,
    );
    expect(loads(edge)).toBe(1);
  });

  it.each([
    "/models/nothing/classify",
    "/models/Not%20A%20Name/classify",
    "/models/..%2F..%2Fdatasets/classify",
    `/classify?version=${nowhere}`,
    `/models/nothing/classify?version=${nowhere}`,
    "/classify?alias=nobody",
  ])("answers 404 at %s", async (path) => {
    expect(await problemAt(edge, path)).toMatchObject({ status: 404, code: "not_found" });
    expect(await problemAt(edge, path)).toMatchObject({ status: 404, code: "not_found" });
  });

  it.each(["?version=latest", "?version=", "?alias=../x", `?alias=champion&version=${nowhere}`])(
    "refuses the query %s",
    async (query) => {
      expect(await problemAt(edge, `/classify${query}`)).toMatchObject({
        status: 400,
        code: "invalid_argument",
      });
    },
  );

  it("refuses a pinned version with a corrupt byte and says so, and serves the champion on", async () => {
    const { version } = challenger.manifest;
    const file = "group1-shard2of2.bin";
    const bytes = Uint8Array.from(challenger.files.get(file) ?? []);
    bytes[10] = (bytes[10] ?? 0) ^ 1;
    await edge.store.put(objectKeys.versionFile(edge.model, version, file), bytes);

    const problem = await problemAt(edge, `/classify?version=${version}`);
    expect(problem).toMatchObject({ status: 503, code: "model_unavailable" });
    expect(problem).toMatchObject({ detail: expect.stringContaining(`${file} has sha256`) });
    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
  });

  it("refuses a pinned version whose golden vectors do not come out", async () => {
    const wrong = await handMadeBundle({
      model: edge.model,
      seed: 5,
      editManifest: (manifest) => {
        const vectors = manifest.golden.vectors.map((vector) => ({
          ...vector,
          logits: vector.logits.map((logit) => logit + 0.01),
        }));
        manifest.golden = { ...manifest.golden, vectors };
      },
    });
    await putVersion(edge.store, wrong);

    expect(await problemAt(edge, `/classify?version=${wrong.manifest.version}`)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("golden vector"),
    });
  });
});

describe("the pool of models", () => {
  it("forgets the least recently used of many references, and loads it again when asked", async () => {
    const edge = openEdge();
    const bundles = await Promise.all(Array.from({ length: 9 }, (_, i) => publish(edge, i + 1)));
    const paths = bundles.map(({ manifest }) => `/classify?version=${manifest.version}`);
    for (const path of paths) await versionAt(edge, path);
    expect(loads(edge)).toBe(9);

    await versionAt(edge, paths[8] ?? "");
    await versionAt(edge, paths[1] ?? "");
    expect(loads(edge)).toBe(9);
    await versionAt(edge, paths[0] ?? "");
    expect(loads(edge)).toBe(10);
    // the second was used since, so the third had to go
    await versionAt(edge, paths[1] ?? "");
    expect(loads(edge)).toBe(10);
    await versionAt(edge, paths[2] ?? "");
    expect(loads(edge)).toBe(11);
  });

  it("keeps loaded models however many names are asked for that do not exist", async () => {
    const edge = openEdge();
    const { version } = (await publish(edge, 1)).manifest;
    await versionAt(edge, `/classify?version=${version}`);
    for (let i = 0; i < 20; i++) await problemAt(edge, `/models/none-${i}/classify`);
    await versionAt(edge, `/classify?version=${version}`);

    expect(loads(edge)).toBe(1);
  });

  it("frees pinned models for another one and for the champion, which is never freed", async () => {
    const memory = await memoryOf(await handMadeBundle());
    // two and what one takes while it runs
    const edge = openEdge(undefined, 2 * memory.residentBytes + memory.activationBytes);
    const [first, second, third] = await Promise.all([1, 2, 3].map((seed) => publish(edge, seed)));
    if (first === undefined || second === undefined || third === undefined) throw new Error("no bundle");
    await putAlias(edge.store, first);
    await versionAt(edge, "/classify");

    await versionAt(edge, `/classify?version=${second.manifest.version}`);
    await versionAt(edge, `/classify?version=${third.manifest.version}`);
    expect(await versionAt(edge, "/classify")).toBe(first.manifest.version);
    expect(loads(edge)).toBe(3);
    await versionAt(edge, `/classify?version=${second.manifest.version}`);
    expect(loads(edge)).toBe(4);

    await putAlias(edge.store, third);
    edge.advance(pollMs);
    await versionAt(edge, "/classify");
    expect(await versionAt(edge, "/classify")).toBe(third.manifest.version);
    expect(edge.logged.filter((entry) => entry.event === "model-refused")).toEqual([]);
  });

  it("loads one model after the other, so that no two count on the same memory", async () => {
    const edge = openEdge();
    const bundles = await Promise.all([1, 2, 3].map((seed) => publish(edge, seed)));
    const versions = bundles.map(({ manifest }) => manifest.version);
    await Promise.all(versions.map((version) => versionAt(edge, `/classify?version=${version}`)));

    const order = edge.reads.map((key) => versions.findIndex((version) => key.includes(version)));
    const turns = order.filter((version, i) => version !== order[i - 1]);
    expect(turns).toHaveLength(3);
  });

  it("refuses a pinned model that does not fit beside the champion, which serves on", async () => {
    const memory = await memoryOf(await handMadeBundle());
    const edge = openEdge(undefined, memory.residentBytes + memory.activationBytes);
    const champion = await publish(edge, 1);
    const { version } = (await publish(edge, 2)).manifest;
    await putAlias(edge.store, champion);
    await versionAt(edge, "/classify");

    expect(await problemAt(edge, `/classify?version=${version}`)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("bytes of memory"),
    });
    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
  });
});
