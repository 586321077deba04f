import { describe, expect, it } from "vitest";
import { defaultRolloutGuard } from "../../../shared/contract/alias.ts";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import type { Readiness } from "../../../shared/contract/service.ts";
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

describe("the memory for models", () => {
  it("keeps the models it has when one is asked for that could never fit", async () => {
    const memory = await memoryOf(await handMadeBundle());
    const edge = openEdge(undefined, 3 * memory.residentBytes + memory.activationBytes);
    const [champion, pinned] = await Promise.all([1, 2].map((seed) => publish(edge, seed)));
    const large = await handMadeBundle({ model: edge.model, size: 256 });
    if (champion === undefined || pinned === undefined) throw new Error("no bundle");
    await putVersion(edge.store, large);
    await putAlias(edge.store, champion);
    await versionAt(edge, "/classify");
    const path = `/classify?version=${pinned.manifest.version}`;
    await versionAt(edge, path);

    expect(await problemAt(edge, `/classify?version=${large.manifest.version}`)).toMatchObject({
      status: 503,
      detail: expect.stringMatching(/bytes of memory.* are allowed|all models may take/),
    });
    await versionAt(edge, path);
    expect(loads(edge)).toBe(2);
  });

  it("refuses a champion that does not fit beside the one that serves, which serves on with all pinned ones", async () => {
    const memory = await memoryOf(await handMadeBundle());
    const edge = openEdge(undefined, 3 * memory.residentBytes + memory.activationBytes);
    const [champion, pinned] = await Promise.all([1, 2].map((seed) => publish(edge, seed)));
    const large = await handMadeBundle({ model: edge.model, size: 256 });
    if (champion === undefined || pinned === undefined) throw new Error("no bundle");
    await putVersion(edge.store, large);
    await putAlias(edge.store, champion);
    await versionAt(edge, "/classify");
    const path = `/classify?version=${pinned.manifest.version}`;
    await versionAt(edge, path);
    await putAlias(edge.store, large);
    edge.advance(pollMs);
    await versionAt(edge, "/classify");

    expect(await versionAt(edge, "/classify")).toBe(champion.manifest.version);
    expect(await versionAt(edge, path)).toBe(pinned.manifest.version);
    expect(loads(edge)).toBe(2);
    const { refused } = await (await edge.fetch("/health/ready")).json<Readiness>();
    expect(refused).toMatchObject([{ version: large.manifest.version, code: "budget_exceeded" }]);
  });

  it("does not push out a version that is tried beside the champion, for a pinned one", async () => {
    const memory = await memoryOf(await handMadeBundle());
    const edge = openEdge(undefined, 2 * memory.residentBytes + memory.activationBytes);
    const [champion, tried, pinned] = await Promise.all([1, 2, 3].map((seed) => publish(edge, seed)));
    if (champion === undefined || tried === undefined || pinned === undefined) throw new Error("no bundle");
    await putAlias(edge.store, champion, "champion", {
      rollout: {
        version: tried.manifest.version,
        manifestSha256: tried.manifestSha256,
        canaryFraction: 1,
        shadow: false,
        startedAt: "2026-01-31T00:00:00Z",
        guard: defaultRolloutGuard,
      },
    });
    await versionAt(edge, "/classify");
    expect(await versionAt(edge, "/classify")).toBe(tried.manifest.version);

    expect(await problemAt(edge, `/classify?version=${pinned.manifest.version}`)).toMatchObject({
      status: 503,
      detail: expect.stringContaining("bytes of memory"),
    });
    expect(await versionAt(edge, "/classify")).toBe(tried.manifest.version);
    expect(loads(edge)).toBe(2);
  });
});
