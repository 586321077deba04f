import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { addressOf, type RateLimits } from "../../../edge/limits/rate-limits.ts";
import wrangler from "../../../edge/wrangler.jsonc?raw";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import { type Edge, openEdge } from "./open-edge.ts";

const closed = { open: false } as const;
const never: RateLimit = { limit: () => Promise.resolve({ success: false }) };
let app: TestKey;

beforeEach(async () => {
  app = await testKey("0000000a");
});

/** An edge with limits of its own. */
async function openLimited(limits: Partial<RateLimits>): Promise<Edge> {
  const services = { limits: { key: env.KEY_LIMIT, address: env.ADDRESS_LIMIT, ...limits } };
  const edge = openEdge(undefined, undefined, closed, undefined, { services });
  await putKeys(edge.store, app);
  return edge;
}

function asks(edge: Edge, headers: Record<string, string> = {}): Promise<Response> {
  return edge.fetch("/models", { headers: { "x-api-key": app.key, ...headers } });
}

async function post(edge: Edge): Promise<Response> {
  return edge.fetch("/classify", { method: "POST", body: "x", headers: { "x-api-key": app.key } });
}

describe("the limits of rate", () => {
  it.each(["key", "address"] as const)("refuse a request when the %s is past its limit", async (subject) => {
    const edge = await openLimited({ [subject]: never });
    const response = await asks(edge);

    expect(response.status).toBe(429);
    expect(response.headers.get("retry-after")).toBe("10");
    expect(response.headers.get("ratelimit-policy")).toBe('"key";q=2000;w=10, "address";q=500;w=10');
    expect(await response.json()).toMatchObject({ code: "rate_limited" });
  });

  it("count each key and each address by itself, in workerd's own limiter", async () => {
    const asked: string[] = [];
    const noting: RateLimit = {
      limit: ({ key }) => {
        asked.push(key);
        return env.ADDRESS_LIMIT.limit({ key });
      },
    };
    const edge = await openLimited({ key: noting, address: noting });

    expect((await asks(edge, { "cf-connecting-ip": "203.0.113.9" })).status).toBe(200);
    expect(asked).toEqual(["203.0.113.9", app.record.id]);
  });

  it("of workerd end after the number that wrangler.jsonc says", async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 1001 }, () => env.ADDRESS_LIMIT.limit({ key: "one address" })),
    );
    const passed = outcomes.filter(({ success }) => success).length;

    // its windows begin by the clock, so that one may end meanwhile and the next one let 500 more through
    expect(passed).toBeGreaterThanOrEqual(500);
    expect(passed).toBeLessThanOrEqual(1000);
  });

  it("are the ones that the header tells", () => {
    const limits = [...wrangler.matchAll(/"limit": (\d+), "period": (\d+)/g)].map(([, q, w]) => `${q}/${w}`);
    const vars = [...wrangler.matchAll(/"(?:KEY|ADDRESS)_RATE": "([^"]+)"/g)].map(([, rate]) => rate);

    expect(vars).toHaveLength(2);
    expect(limits).toEqual(vars);
  });

  it("let requests through when the limiter itself fails, and say so", async () => {
    const edge = await openLimited({ key: { limit: () => Promise.reject(new Error("no limiter")) } });

    expect((await asks(edge)).status).toBe(200);
    expect(edge.logged).toContainEqual(expect.objectContaining({ event: "rate-limit-failed" }));
  });

  it.each([
    ["203.0.113.9", "203.0.113.9"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:0001:2::6", "2001:db8:1:2::/64"],
    ["2001:db8::6", "2001:db8:0:0::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::ffff:203.0.113.9", "::ffff:203.0.113.9"],
  ])("take %s for %s", (address, subject) => {
    expect(addressOf(new Headers({ "cf-connecting-ip": address }))).toBe(subject);
  });
});

describe("a daily quota", () => {
  beforeEach(async () => {
    // each test counts for itself: quotas are kept by the id of the key
    app = await testKey(crypto.randomUUID().slice(0, 8), { dailyQuota: 3 });
  });

  it("lets exactly so many requests through, many at once, and tells what is left", async () => {
    const edge = await openLimited({});
    const responses = await Promise.all(Array.from({ length: 8 }, () => post(edge)));
    const refused = responses.filter(({ status }) => status === 429);

    expect(refused).toHaveLength(5);
    expect(await refused[0]?.json()).toMatchObject({ code: "quota_exceeded" });
    expect(refused[0]?.headers.get("retry-after")).toBe("86400");
    const left = responses.flatMap(({ headers }) => headers.get("ratelimit") ?? []);
    expect(new Set(left)).toEqual(new Set([0, 1, 2].map((rest) => `"daily";r=${rest};t=86400`)));
  });

  it("begins anew with the UTC day, and is not for reading", async () => {
    const edge = await openLimited({});
    for (let i = 0; i < 4; i++) await post(edge);

    expect((await asks(edge)).status).toBe(200);
    expect((await post(edge)).status).toBe(429);
    edge.advance(86_400_000);
    expect((await post(edge)).status).not.toBe(429);
  });
});
