import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Hono } from "hono";
import { requestId } from "hono/request-id";
import { beforeEach, describe, expect, it } from "vitest";
import type { AppEnvironment } from "../../../edge/app-environment.ts";
import { answerOnce } from "../../../edge/http/idempotency.ts";
import { problemOf } from "../../../edge/http/answer-problem.ts";
import type { LogEntry } from "../../../edge/ports.ts";
import { AppError } from "../../../shared/contract/errors.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";

let app: Hono<AppEnvironment>;
let done: number;
let work: () => Promise<void>;
let now: number;
let logged: LogEntry[];
let store: ObjectStore;
let key = 0;

beforeEach(() => {
  store = createMemoryStore();
  const services = { store, clock: () => now, log: (entry: LogEntry) => void logged.push(entry) };
  logged = [];
  [done, now] = [0, Date.parse("2026-01-31T00:00:00Z")];
  work = () => Promise.resolve();
  key++;
  app = new Hono<AppEnvironment>();
  app.use(requestId());
  app.post("/things", async (context) =>
    answerOnce(context, services, await context.req.text(), async () => {
      await work();
      return { status: 201, body: { number: ++done } };
    }),
  );
  app.onError((error, context) => {
    const problem = problemOf(error, context.get("requestId"), services);
    return Response.json(problem, { status: problem.status });
  });
});

async function post(body: string, name: string | null = `key-${key}`): Promise<Response> {
  const context = createExecutionContext();
  const headers: HeadersInit = name === null ? {} : { "idempotency-key": name };
  const request = new Request("http://localhost/things", { method: "POST", body, headers });
  const response = await app.fetch(request, env, context);
  await waitOnExecutionContext(context);
  return response;
}

describe("a request with an Idempotency-Key", () => {
  it("is done once, and its answer given again", async () => {
    const first = await post("a");
    const second = await post("a");

    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.json()).toEqual({ number: 1 });
    expect(first.headers.get("idempotency-replayed")).toBeNull();
    expect(second.headers.get("idempotency-replayed")).toBe("true");
    expect(done).toBe(1);
  });

  it("is done once of ten that come together", async () => {
    const responses = await Promise.all(Array.from({ length: 10 }, () => post("a")));
    const statuses = responses.map(({ status }) => status);

    expect(done).toBe(1);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
  });

  it("is refused when it asks something else under the same key", async () => {
    await post("a");
    const other = await post("b");

    expect(other.status).toBe(422);
    expect(await other.json()).toMatchObject({ code: "idempotency_mismatch" });
  });

  it("may be sent again when it failed, or when the one before never ended", async () => {
    work = () => Promise.reject(new Error("not today"));
    expect((await post("a")).status).toBe(500);
    work = () => new Promise(() => undefined);
    void post("a");
    await scheduler.wait(1);
    work = () => Promise.resolve();
    expect((await post("a")).status).toBe(409);
    now += 61_000;
    expect((await post("a")).status).toBe(201);
  });

  it("tells why it failed where its key cannot be released either", async () => {
    work = () => Promise.reject(new AppError("invalid_argument", "the image is upside down"));
    store.delete = () => Promise.reject(new Error("no route"));
    const response = await post("a");

    expect(await response.json()).toMatchObject({ code: "invalid_argument" });
    expect(logged).toMatchObject([{ event: "idempotency-not-released", reason: "Error: no route" }]);
  });

  it("means something new after a day", async () => {
    await post("a");
    now += 25 * 3600 * 1000;

    expect((await post("b")).status).toBe(201);
    expect(done).toBe(2);
  });

  it.each(["", "ä", "x".repeat(256)])("is refused where the key is %j", async (name) => {
    expect((await post("a", name)).status).toBe(400);
  });

  it("is done every time without one", async () => {
    await post("a", null);
    await post("a", null);

    expect(done).toBe(2);
  });
});
