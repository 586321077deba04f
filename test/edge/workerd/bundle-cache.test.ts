import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { exports } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { createDigestCache, type DigestCache } from "../../../edge/storage/digest-cache.ts";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { sha256Hex } from "../../../shared/store/sha256.ts";
import { solidPng } from "../../fixtures/png.ts";
import { type Edge, imagePost, openEdge } from "./open-edge.ts";

const red = solidPng(40, 40, pureColours[0] ?? [0, 0, 0]);
const origin = "https://classify.example.com";
const openCache = (): Promise<Cache> => caches.open("edgewise-bundles");
const urlOf = (sha256: string): string => `${origin}/sha256/${sha256}`;

/** The cache on `storage`, and what waits until it has kept what it was given. */
function openDigestCache(storage: Pick<CacheStorage, "open"> = caches): {
  readonly cache: DigestCache;
  readonly kept: () => Promise<void>;
} {
  const context = createExecutionContext();
  return {
    cache: createDigestCache({
      caches: storage,
      origin,
      wait: (milliseconds) => scheduler.wait(milliseconds),
      keepAlive: (work) => context.waitUntil(work),
    }),
    kept: () => waitOnExecutionContext(context),
  };
}

/** What inference reads beside the manifest. */
const filesOf = ({ manifest }: HandMadeBundle): HandMadeBundle["manifest"]["files"] =>
  manifest.files.filter(({ path }) => path === "model.json" || path.endsWith(".bin"));

let seed = 100;

describe("bundles in the Cache API, by their digests", () => {
  let first: Edge;
  let bundle: HandMadeBundle;
  let digests: string[];

  beforeEach(async () => {
    const { cache, kept } = openDigestCache();
    first = openEdge(undefined, undefined, {}, undefined, { cache });
    bundle = await handMadeBundle({ model: first.model, seed: seed++ });
    await putVersion(first.store, bundle);
    await putAlias(first.store, bundle);
    await first.fetch("/classify", imagePost(red));
    await kept();
    digests = [bundle.manifestSha256, ...filesOf(bundle).map(({ sha256 }) => sha256)];
  });

  /** What a fresh isolate answers, and the files it read from the bucket. */
  async function ask(cache: DigestCache): Promise<{ readonly version: string; readonly read: string[] }> {
    const isolate = openEdge(undefined, undefined, {}, undefined, { cache });
    const response = await isolate.fetch(`/models/${first.model}/classify`, imagePost(red));
    expect(response.status).toBe(200);
    const { version } = await response.json<ClassifyAnswer>();
    return { version, read: isolate.reads.filter((key) => key.includes("/versions/")) };
  }

  it("spare the next isolate the bucket: it reads the alias alone", async () => {
    const { version, read } = await ask(openDigestCache().cache);

    expect(version).toBe(bundle.manifest.version);
    expect(read).toEqual([]);
  });

  it.each([
    ["spoilt", (bytes: Uint8Array) => bytes.map((byte, i) => (i === 0 ? byte ^ 1 : byte))],
    ["cut short", (bytes: Uint8Array) => bytes.subarray(1)],
    ["longer than it should be", (bytes: Uint8Array) => new Uint8Array([...bytes, 0])],
  ])("are read from the bucket, and kept anew, where what was kept is %s", async (_, spoil) => {
    const cached = await openCache();
    for (const sha256 of digests) {
      const kept = await cached.match(urlOf(sha256));
      const bytes = spoil((await kept?.bytes()) ?? new Uint8Array());
      const headers = { "cache-control": "max-age=60", "content-length": String(bytes.length) };
      await cached.put(urlOf(sha256), new Response(bytes, { headers }));
    }
    const { cache, kept } = openDigestCache();
    const { version, read } = await ask(cache);
    await kept();

    expect(version).toBe(bundle.manifest.version);
    expect(read.length).toBeGreaterThan(2);
    expect((await ask(openDigestCache().cache)).read).toEqual([]);
  });

  it.each([
    ["fails", () => Promise.reject(new Error("no cache here"))],
    ["does not answer", () => new Promise<never>(() => undefined)],
  ])("are read from the bucket where the cache %s", async (_, open) => {
    const { version, read } = await ask(openDigestCache({ open }).cache);

    expect(version).toBe(bundle.manifest.version);
    expect(read.length).toBeGreaterThan(2);
  });

  it("are kept by the Worker itself", async () => {
    const path = `http://localhost/models/${first.model}/classify`;
    expect((await exports.default.fetch(new Request(path, imagePost(red)))).status).toBe(200);
    const used = [bundle.manifestSha256, ...filesOf(bundle).map(({ sha256 }) => sha256)];
    const cached = await openCache();

    const keptNow = async (): Promise<(string | undefined)[]> => {
      const kept = await Promise.all(used.map((sha256) => cached.match(`http://localhost/sha256/${sha256}`)));
      return Promise.all(kept.map(async (one) => one && sha256Hex(await one.bytes())));
    };

    await expect.poll(keptNow, { timeout: 10_000 }).toEqual(used);
  });
});
