import { beforeAll, describe, expect, it } from "vitest";
import { putKeys, testKey } from "../../fixtures/api-keys.ts";
import { handMadeBundle, pureColours, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { imagePost, openEdge } from "./open-edge.ts";

const edge = openEdge();
const [red, , blue] = pureColours.map((colour) => solidPng(24, 20, colour)) as [
  Uint8Array,
  Uint8Array,
  Uint8Array,
];
const grey = solidPng(24, 20, [128, 128, 128]);
const base64 = (bytes: Uint8Array): string => btoa(String.fromCharCode(...bytes));

beforeAll(async () => {
  const bundle = await handMadeBundle({
    model: edge.model,
    editManifest: (manifest) => {
      manifest.unknown = { rule: "max-probability", threshold: 0.8 };
    },
  });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
});

async function scores(path: string, init: RequestInit): Promise<{ label: string; score: number }[]> {
  const response = await edge.fetch(path, init);
  expect(response.status).toBe(200);
  return response.json();
}

function ask(parameters: unknown): Promise<{ label: string; score: number }[]> {
  const body = JSON.stringify({ inputs: base64(blue), parameters });
  return scores("/hf", imagePost(body, "application/json; charset=utf-8"));
}

function form(apiKey: string, ...files: Uint8Array[]): RequestInit {
  const body = new FormData();
  body.append("api_key", apiKey);
  for (const file of files) body.append("image", new File([file], "image.jpg"));
  return { method: "POST", body };
}

describe("the Hugging Face shape", () => {
  it.each(["/hf", `/hf/models/${edge.model}`])(
    "answers %s with labels and scores, best first",
    async (path) => {
      const raw = await scores(path, imagePost(red));
      const json = await scores(path, imagePost(JSON.stringify({ inputs: base64(red) }), "application/json"));

      expect(raw.map(({ label }) => label)).toEqual(["red", expect.any(String), expect.any(String)]);
      expect(raw[0]?.score).toBeGreaterThan(0.99);
      expect(raw.reduce((sum, { score }) => sum + score, 0)).toBeCloseTo(1, 5);
      expect(json).toEqual(raw);
    },
  );

  it("takes top_k and the function that makes scores of logits", async () => {
    const logits = await ask({ top_k: 2, function_to_apply: "none" });
    const sigmoids = await ask({ top_k: 2, function_to_apply: "sigmoid", other: 1 });
    expect(logits.map(({ label }) => label)[0]).toBe("blue");
    expect(logits).toHaveLength(2);
    expect(logits[0]?.score).toBeGreaterThan(1);
    expect(sigmoids[0]?.score).toBeCloseTo(1 / (1 + Math.exp(-(logits[0]?.score ?? 0))), 6);
    expect(await ask({ top_k: null })).toHaveLength(3);
  });

  it.each<readonly [number, RequestInit]>([
    [400, imagePost("{}", "application/json")],
    [400, imagePost(JSON.stringify({ inputs: "%" }), "application/json")],
    [400, imagePost(JSON.stringify({ inputs: "", parameters: { top_k: 0 } }), "application/json")],
    [415, imagePost("GIF89a", "image/gif")],
    [415, imagePost("photo", "text/plain")],
    [405, { method: "GET" }],
  ])("answers %i as an error in words", async (status, init) => {
    const response = await edge.fetch("/hf", init);

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ error: expect.stringMatching(/.{20}/) });
  });
});

describe("DeepStack's scene recognition", () => {
  it("answers with the top class", async () => {
    const response = await edge.fetch("/v1/vision/scene", form("", red));

    expect(await response.json()).toEqual({
      success: true,
      label: "red",
      confidence: expect.closeTo(0.998, 2),
    });
  });

  it("says unknown where the model does", async () => {
    const response = await edge.fetch("/v1/vision/scene", form("", grey));

    expect(await response.json()).toMatchObject({ success: true, label: "unknown" });
  });

  it.each<readonly [number, RequestInit]>([
    [400, form("")],
    [400, form("", red, blue)],
    [415, form("", new TextEncoder().encode("GIF89a, not read here"))],
    [405, { method: "GET" }],
  ])("answers %i with success false and an error", async (status, init) => {
    const response = await edge.fetch("/v1/vision/scene", init);

    expect(response.status).toBe(status);
    expect(await response.json()).toEqual({ success: false, error: expect.stringMatching(/.{20}/) });
  });
});

describe("a Worker that asks for keys", () => {
  const closed = openEdge(undefined, undefined, { open: false });
  let key: string;

  beforeAll(async () => {
    const bundle = await handMadeBundle({ model: closed.model });
    await putVersion(closed.store, bundle);
    await putAlias(closed.store, bundle);
    const classify = await testKey("00000001");
    await putKeys(closed.store, classify);
    ({ key } = classify);
  });

  it("takes DeepStack's key from the form", async () => {
    const response = await closed.fetch("/v1/vision/scene", form(key, red));

    expect(await response.json()).toMatchObject({ success: true, label: "red" });
  });

  it.each([
    [1, 20_000_000],
    [6, 4_000_000],
  ])("lets callers in while %i forms without a known key, of %i bytes, come slowly", async (count, bytes) => {
    const ends = Array.from({ length: count }, () => new TransformStream<Uint8Array, Uint8Array>());
    const slow = ends.map(({ readable }) =>
      closed.fetch("/v1/vision/scene", {
        method: "POST",
        body: readable,
        headers: { "content-type": "multipart/form-data; boundary=x", "content-length": String(bytes) },
      }),
    );
    const headers = { "content-type": "image/png", "content-length": "15000000", "x-api-key": key };
    const answer = await closed.fetch("/classify", { method: "POST", body: red, headers });
    await Promise.all(ends.map(({ writable }) => writable.abort("gone").catch(() => undefined)));

    expect(answer.status).toBe(200);
    for (const { status } of await Promise.all(slow)) expect([400, 413, 503]).toContain(status);
  });

  it("takes larger forms where a header has the key, and says so", async () => {
    const padded = form(key, red);
    if (padded.body instanceof FormData) padded.body.append("note", " ".repeat(4_000_000));
    const refused = await closed.fetch("/v1/vision/scene", padded);
    const taken = await closed.fetch("/v1/vision/scene", { ...padded, headers: { "x-api-key": key } });

    expect(refused.status).toBe(413);
    expect(await refused.json()).toEqual({ success: false, error: expect.stringContaining("X-API-Key") });
    expect(await taken.json()).toMatchObject({ success: true, label: "red" });
    expect(await (await edge.fetch("/v1/vision/scene", padded)).json()).toMatchObject({ success: true });
  });

  it.each(["", "nobody's", "two\nlines"])("refuses the key %j in each dialect's words", async (wrong) => {
    const scene = await closed.fetch("/v1/vision/scene", form(wrong, red));
    const hf = await closed.fetch("/hf", imagePost(red));
    const model = await closed.fetch(`/v2/models/${closed.model}`);

    expect([scene.status, hf.status, model.status]).toEqual([401, 401, 401]);
    expect(await scene.json()).toEqual({ success: false, error: expect.stringContaining("API key") });
    expect(await hf.json()).toEqual({ error: expect.stringContaining("API key") });
    expect(await model.json()).toEqual({ error: expect.stringContaining("API key") });
  });
});
