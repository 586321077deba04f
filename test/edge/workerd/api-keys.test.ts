import { beforeEach, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import { type Edge, openEdge, pollMs } from "./open-edge.ts";

const closed = { open: false } as const;
let app: TestKey;
let edge: Edge;

beforeEach(async () => {
  app = await testKey("00000001");
  edge = openEdge(undefined, undefined, closed);
  await putKeys(edge.store, app);
});

function asks(key: string): RequestInit {
  return { headers: { authorization: `Bearer ${key}` } };
}

async function statusFor(key: string, path = "/models"): Promise<number> {
  return (await edge.fetch(path, asks(key))).status;
}

describe("a route that needs a scope", () => {
  it.each([
    ["Authorization: Bearer", (key: string) => ({ authorization: `Bearer ${key}` })],
    ["X-API-Key", (key: string) => ({ "x-api-key": key })],
    ["the password of Basic", (key: string) => ({ authorization: `Basic ${btoa(`app:${key}`)}` })],
    ["the user of Basic", (key: string) => ({ authorization: `Basic ${btoa(`${key}:`)}` })],
  ])("takes the key as %s", async (_, headersOf) => {
    expect((await edge.fetch("/models", { headers: headersOf(app.key) })).status).toBe(200);
  });

  it.each([
    ["no key", {}],
    ["a key of nobody", { "x-api-key": "ew_0000000f_".padEnd(55, "x") }],
    ["a known id with another secret", { "x-api-key": "ew_00000001_".padEnd(55, "y") }],
    ["something that is no key", { authorization: "Bearer hello" }],
    ["broken Basic", { authorization: "Basic %%%" }],
    ["a very long key", { "x-api-key": "x".repeat(5000) }],
  ])("answers 401 to %s and says how to authenticate", async (_, headers) => {
    const response = await edge.fetch("/models", { headers });

    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
    expect(await response.json()).toMatchObject({ code: "unauthorized" });
  });

  it("never takes a key from the URL", async () => {
    expect((await edge.fetch(`/models?key=${app.key}&api_key=${app.key}`)).status).toBe(401);
  });

  it("answers 403 to a key with other scopes, and serves admin everything", async () => {
    const camera = await testKey("00000002", { scopes: ["camera"] });
    const admin = await testKey("00000003", { scopes: ["admin"] });
    await putKeys(edge.store, camera, admin);
    const response = await edge.fetch("/models", asks(camera.key));

    expect(response.status).toBe(403);
    expect(await response.json()).toMatchObject({ code: "forbidden" });
    expect(await statusFor(admin.key)).toBe(200);
  });

  it("refuses a key from the moment it expires", async () => {
    const short = await testKey("00000004", { expiresAt: "2026-01-31T00:00:01.000Z" });
    await putKeys(edge.store, short);

    expect(await statusFor(short.key)).toBe(200);
    edge.advance(1000);
    expect(await statusFor(short.key)).toBe(401);
  });

  it("leaves what needs no key to everybody", async () => {
    for (const path of ["/", "/health/live", "/openapi.json"]) {
      const response = await edge.fetch(path);
      expect({ path, status: response.status }).toEqual({ path, status: 200 });
    }
  });
});

describe("the keys of the store", () => {
  it("are read once for many requests, and never listed", async () => {
    for (let i = 0; i < 5; i++) await statusFor(app.key);

    expect(edge.reads.filter((key) => key === objectKeys.apiKeys())).toHaveLength(1);
    expect(await (await edge.fetch("/models", asks(app.key))).text()).not.toContain("auth");
  });

  it("refuse a revoked key within the refresh interval, however long nobody asked", async () => {
    expect(await statusFor(app.key)).toBe(200);
    await putKeys(edge.store, { ...app, record: { ...app.record, revokedAt: "2026-01-31T00:00:00.000Z" } });

    edge.advance(pollMs);
    expect(await statusFor(app.key)).toBe(401);
  });

  it("are read again in the background while requests go on", async () => {
    const second = await testKey("00000005");
    expect(await statusFor(app.key)).toBe(200);
    await putKeys(edge.store, app, second);

    edge.advance(pollMs / 2);
    expect(await statusFor(second.key)).toBe(401);
    expect(await statusFor(second.key)).toBe(200);
  });

  it("serve on from memory while the store fails, hangs or holds garbage", async () => {
    app = await testKey("00000001", { scopes: ["admin"] });
    let fault: "none" | "fails" | "hangs" = "none";
    edge = openEdge(
      (store) => ({
        ...store,
        get: (key, options) => {
          if (key !== objectKeys.apiKeys() || fault === "none") return store.get(key, options);
          if (fault === "fails") return Promise.reject(new Error("no store"));
          return new Promise(() => undefined);
        },
      }),
      undefined,
      closed,
      // the time that is waited for a store that hangs is over at once
      (milliseconds) => (fault === "hangs" ? Promise.resolve() : scheduler.wait(milliseconds)),
    );
    await putKeys(edge.store, app);
    expect(await statusFor(app.key, "/metrics")).toBe(200);
    for (fault of ["fails", "hangs"] as const) {
      edge.advance(100_000);
      expect(await statusFor(app.key, "/metrics")).toBe(200);
    }
    expect(edge.logged.filter(({ event }) => event === "keys-not-read")).toHaveLength(2);
    fault = "none";
    await edge.store.put(objectKeys.apiKeys(), new TextEncoder().encode("{"));
    edge.advance(100_000);
    expect(await statusFor(app.key, "/metrics")).toBe(200);
    expect(edge.logged.filter(({ event }) => event === "keys-not-read")).toHaveLength(3);
  });

  it("are asked for less and less often while the store fails", async () => {
    let asked = 0;
    edge = openEdge(
      (store) => ({
        ...store,
        get: (key, options) => {
          if (key !== objectKeys.apiKeys()) return store.get(key, options);
          asked++;
          return Promise.reject(new Error("no store"));
        },
      }),
      undefined,
      closed,
    );
    for (let second = 0; second < 60; second++) {
      const response = await edge.fetch("/models", asks(app.key));
      expect(response.status).toBe(503);
      expect(Number(response.headers.get("retry-after"))).toBeGreaterThan(0);
      edge.advance(1000);
    }

    expect(asked).toBeLessThan(8);
  });

  it("make the Worker refuse everybody where there are none, saying how to make one", async () => {
    await edge.store.delete(objectKeys.apiKeys());
    const response = await edge.fetch("/models", asks(app.key));
    const problem = await response.json();

    expect(response.status).toBe(503);
    expect(problem).toMatchObject({ code: "keys_unavailable" });
    expect(JSON.stringify(problem)).toContain("edgewise keys create");
  });
});

describe("a Worker that is open", () => {
  it("needs no key and asks the store for none", async () => {
    edge = openEdge(undefined, undefined, { open: true });

    expect((await edge.fetch("/models")).status).toBe(200);
    expect(edge.reads).not.toContain(objectKeys.apiKeys());
  });

  it.each(["http://edgewise.example", "http://192.168.1.20:8787", "http://127.0.0.1.evil.example"])(
    "refuses to be one at %s",
    async (origin) => {
      edge = openEdge(undefined, undefined, { open: true });
      const response = await edge.fetch(`${origin}/models`);

      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ code: "forbidden" });
    },
  );

  it("refuses what a page of another origin sends, unless CORS_ORIGINS names it", async () => {
    edge = openEdge(undefined, undefined, { open: true, corsOrigins: ["https://shop.example"] });
    const statusFrom = async (origin: string): Promise<number> =>
      (await edge.fetch("/models", { headers: { origin } })).status;

    expect(await statusFrom("https://evil.example")).toBe(403);
    expect(await statusFrom("https://shop.example")).toBe(200);
    expect(await statusFrom("http://localhost")).toBe(200);
  });
});
