import { beforeAll, describe, expect, it } from "vitest";
import { parseByteRange } from "../../../edge/http/byte-range.ts";
import { publicAliasSchema } from "../../../shared/contract/alias.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { parseWith } from "../../../shared/contract/parse.ts";
import { openBundle } from "../../../shared/inference/bundle.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { openEdge, pollMs } from "./open-edge.ts";

const edge = openEdge();
let bundle: HandMadeBundle;
let folder: string;

beforeAll(async () => {
  bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
  folder = `/models/${edge.model}/versions/${bundle.manifest.version}`;
  for (const file of ["card.md", "notes.json"]) {
    const key = objectKeys.versionFile(edge.model, bundle.manifest.version, file);
    await edge.store.put(key, new TextEncoder().encode(`of ${file}`));
  }
});

const shard = "group1-shard1of2.bin";

function shardBytes(): Uint8Array {
  return bundle.files.get(shard) ?? new Uint8Array();
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  return new Uint8Array(await response.arrayBuffer());
}

async function etagOf(path: string): Promise<string> {
  return (await edge.fetch(path, { method: "HEAD" })).headers.get("etag") ?? "";
}

function getShard(headers: Record<string, string>): Promise<Response> {
  return edge.fetch(`${folder}/${shard}`, { headers });
}

describe("GET /models/{model}/versions/{version}/{file}", () => {
  it("gives an app all it needs to check and run the version that an alias points at", async () => {
    const alias = await edge.fetch(`/models/${edge.model}/aliases/champion`);
    const record = parseWith(publicAliasSchema, await alias.json(), "the alias");
    const read = async (file: string): Promise<Uint8Array> =>
      bytesOf(await edge.fetch(`/models/${record.model}/versions/${record.version}/${file}`));
    const opened = await openBundle(
      { manifest: await read("manifest.json"), readFile: read },
      { manifestSha256: record.manifestSha256 },
    );

    expect(opened.manifest).toEqual(bundle.manifest);
  });

  it("may be kept for good, and says what it is", async () => {
    const response = await edge.fetch(`${folder}/${shard}`);

    expect(response.status).toBe(200);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      "cache-control": "public, max-age=31536000, immutable",
      "content-type": "application/octet-stream",
      "content-length": String(shardBytes().length),
      "accept-ranges": "bytes",
      "x-content-type-options": "nosniff",
      etag: expect.stringMatching(/^"[^"]+"$/),
    });
    expect(await bytesOf(response)).toEqual(shardBytes());
    expect((await edge.fetch(`${folder}/model.json`)).headers.get("content-type")).toBe("application/json");
    expect((await edge.fetch(`${folder}/card.md`)).headers.get("content-type")).toMatch(/^text\/markdown/);
  });

  it("answers HEAD without the bytes, whatever range it names", async () => {
    const response = await edge.fetch(`${folder}/${shard}`, {
      method: "HEAD",
      headers: { range: "bytes=0-1" },
    });

    expect(response.status).toBe(200);
    expect(response.headers.get("content-length")).toBe(String(shardBytes().length));
    expect(await bytesOf(response)).toHaveLength(0);
  });

  it("answers 304 to whoever has it", async () => {
    const etag = await etagOf(`${folder}/${shard}`);
    for (const ifNoneMatch of [etag, `"other", W/${etag}`, "*"]) {
      const response = await getShard({ "if-none-match": ifNoneMatch, range: "bytes=0-1" });

      expect(response.status).toBe(304);
      expect(response.headers.get("etag")).toBe(etag);
      expect(response.headers.get("cache-control")).toContain("immutable");
      expect(await bytesOf(response)).toHaveLength(0);
    }
    expect((await getShard({ "if-none-match": '"other"' })).status).toBe(200);
  });

  it("gives a part", async () => {
    const size = shardBytes().length;
    for (const [range, first, end] of [
      ["bytes=0-9", 0, 10],
      ["bytes=10-", 10, size],
      ["bytes=-5", size - 5, size],
      [`bytes=7-${size + 100}`, 7, size],
    ] as const) {
      const response = await getShard({ range });

      expect(response.status).toBe(206);
      expect(response.headers.get("content-range")).toBe(`bytes ${first}-${end - 1}/${size}`);
      expect(response.headers.get("content-length")).toBe(String(end - first));
      expect(await bytesOf(response)).toEqual(shardBytes().slice(first, end));
    }
  });

  it("gives the whole where the range is of another file or not one range", async () => {
    const etag = await etagOf(`${folder}/${shard}`);

    expect((await getShard({ range: "bytes=0-9", "if-range": etag })).status).toBe(206);
    expect((await getShard({ range: "bytes=0-9", "if-range": '"other"' })).status).toBe(200);
    for (const range of ["bytes=0-1,4-5", "lines=1-2", "bytes=9-1", "bytes=-", "bytes"]) {
      const response = await getShard({ range });

      expect(response.status).toBe(200);
      expect(await bytesOf(response)).toEqual(shardBytes());
    }
  });

  it.each(["bytes=999999-", "bytes=-0"])(
    "refuses the range %s and says how long the file is",
    async (range) => {
      const response = await getShard({ range });

      expect(response.status).toBe(416);
      expect(response.headers.get("content-range")).toBe(`bytes */${shardBytes().length}`);
      expect(response.headers.get("cache-control")).toBe("no-store");
      expect(await response.json()).toMatchObject({ code: "range_not_satisfiable" });
    },
  );

  it.each(["notes.json", "none.bin", "..%2F..%2Faliases%2Fchampion.json", "%2e%2e%2fmanifest.json"])(
    "answers 404 to %s",
    async (file) => {
      const response = await edge.fetch(`${folder}/${file}`);

      expect(response.status).toBe(404);
      expect(await response.json()).toMatchObject({ code: "not_found" });
    },
  );

  it("answers 404 to what cannot be a model or a version", async () => {
    const { version } = bundle.manifest;

    expect((await edge.fetch(`/models/..%2f${edge.model}/versions/${version}/model.json`)).status).toBe(404);
    expect((await edge.fetch(`/models/${edge.model}/versions/latest/model.json`)).status).toBe(404);
  });
});

describe("GET /models/{model}/aliases/{alias}", () => {
  it("tells the version and its digest, not who moved it", async () => {
    const response = await edge.fetch(`/models/${edge.model}/aliases/champion`);

    expect(response.headers.get("cache-control")).toBe("no-cache");
    expect(await response.json()).toEqual({
      model: edge.model,
      alias: "champion",
      version: bundle.manifest.version,
      manifestSha256: bundle.manifestSha256,
      promotedAt: "2026-01-31T00:00:00Z",
    });
  });

  it("answers 304 until the alias moves", async () => {
    const path = `/models/${edge.model}/aliases/nightly`;
    await putAlias(edge.store, bundle, "nightly");
    const headers = { "if-none-match": await etagOf(path) };
    expect((await edge.fetch(path, { headers })).status).toBe(304);

    await putAlias(edge.store, await handMadeBundle({ model: edge.model, seed: 2 }), "nightly");
    edge.advance(pollMs);
    expect((await edge.fetch(path, { headers })).status).toBe(200);
  });

  it.each(["nobody", "Not%20A%20Name", "..%2Fchampion"])("answers 404 to %s", async (alias) => {
    expect((await edge.fetch(`/models/${edge.model}/aliases/${alias}`)).status).toBe(404);
  });
});

describe("parseByteRange", () => {
  it("never leaves the file", () => {
    for (const first of ["", "0", "3", "9", "10", "99"]) {
      for (const last of ["", "0", "3", "9", "10", "99"]) {
        const range = parseByteRange(`bytes=${first}-${last}`, 10);
        if (range.kind !== "part") continue;
        expect(range.first).toBeGreaterThanOrEqual(0);
        expect(range.length).toBeGreaterThan(0);
        expect(range.first + range.length).toBeLessThanOrEqual(10);
      }
    }
  });
});
