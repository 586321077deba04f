import { describe, expect, it, vi } from "vitest";
import { putKeys, testKey } from "../../fixtures/api-keys.ts";
import { imagePost, openEdge } from "./open-edge.ts";

describe("every answer", () => {
  const edge = openEdge();

  it("carries the request id it was asked with", async () => {
    const response = await edge.fetch("/health/live", { headers: { "x-request-id": "from-client_1" } });

    expect(response.headers.get("x-request-id")).toBe("from-client_1");
  });

  it.each(["", "a b", "x".repeat(65), "<script>", "a\tb"])(
    "carries a fresh request id instead of %j",
    async (requestId) => {
      const headers = new Headers();
      headers.set("x-request-id", requestId);
      const response = await edge.fetch("/health/live", { headers });

      expect(response.headers.get("x-request-id")).toMatch(/^[0-9a-f]{8}-[0-9a-f-]{27}$/);
    },
  );

  it("may be read by pages of other origins", async () => {
    const origin = "https://shop.example";
    const response = await edge.fetch("/nowhere", { headers: { origin } });

    expect(response.headers.get("access-control-allow-origin")).toBe("*");
    expect(response.headers.get("access-control-expose-headers")).toContain("x-request-id");
    const preflight = await edge.fetch("/classify", {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type",
      },
    });
    expect(preflight.status).toBe(204);
    const allowed = preflight.headers.get("access-control-allow-methods")?.split(",");
    const routed = edge.routes.map((route) => route.split(" ", 1)[0] ?? "");
    expect(new Set(allowed)).toEqual(new Set(routed));
  });
});

describe("a body that does not arrive", () => {
  it("ends with 408 when its time is over", async () => {
    const realWait = scheduler.wait.bind(scheduler);
    // of all timers only that of the body is as long
    const wait = vi
      .spyOn(scheduler, "wait")
      .mockImplementation((ms, options) => (ms < 30_000 ? realWait(ms, options) : Promise.resolve()));
    const body = new ReadableStream({
      type: "bytes",
      start: (controller) => controller.enqueue(new Uint8Array(9)),
    });
    const response = await openEdge().fetch("/classify", imagePost(body));
    wait.mockRestore();

    expect(response.status).toBe(408);
    expect(await response.json()).toMatchObject({ code: "request_timeout" });
  });
});

describe("security headers", () => {
  it.each(["/", "/console/console.js", "/models", "/health/live", "/nowhere", "/openapi.json"])(
    "are on the answer of %s",
    async (path) => {
      const { headers } = await openEdge().fetch(path);

      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("referrer-policy")).toBe("no-referrer");
      expect(headers.get("content-security-policy")).toContain("default-src 'none'");
      expect(headers.get("content-security-policy")).not.toContain("unsafe");
      expect(headers.get("strict-transport-security")).toBeNull();
    },
  );

  it("keep a browser on HTTPS where it came by HTTPS", async () => {
    const { headers } = await openEdge().fetch("https://localhost/health/live");

    expect(headers.get("strict-transport-security")).toBe("max-age=31536000");
  });
});

describe("GET /metrics", () => {
  it("counts requests by route, status and code, never by path", async () => {
    const edge = openEdge();
    await edge.fetch("/models/some-model/aliases/none");
    await edge.fetch("/s3cret");
    await edge.fetch("/models", { method: "PROPFIND" });
    const response = await edge.fetch("/metrics");
    const text = await response.text();

    expect(response.headers.get("content-type")).toContain("version=0.0.4");
    expect(text).toContain(
      'edgewise_requests_total{method="GET",route="/models/:model/aliases/:alias",status="404",code="not_found"} 1',
    );
    expect(text).toContain('route="none"');
    expect(text).toContain('method="OTHER"');
    expect(text).not.toMatch(/s3cret|some-model|PROPFIND/);
    expect(text).toMatch(/^edgewise_request_duration_seconds_bucket\{.*le="\+Inf"\} \d+$/m);
    expect(text).toContain("# TYPE edgewise_model_info gauge");
  });

  it("is not there where many isolates serve, nor for keys without the scope admin", async () => {
    expect((await openEdge(undefined, undefined, { singleProcess: false }).fetch("/metrics")).status).toBe(
      404,
    );
    const closed = openEdge(undefined, undefined, { open: false });
    const app = await testKey("0000000b");
    await putKeys(closed.store, app);

    expect((await closed.fetch("/metrics", { headers: { "x-api-key": app.key } })).status).toBe(403);
  });

  it("has the same facts as Analytics Engine where that is bound", async () => {
    const points: AnalyticsEngineDataPoint[] = [];
    const analytics = { writeDataPoint: (point?: AnalyticsEngineDataPoint) => void points.push(point ?? {}) };
    await openEdge(undefined, undefined, {}, undefined, { services: { analytics } }).fetch(
      "/models?key=s3cret",
    );

    expect(points).toEqual([
      { indexes: ["open"], blobs: ["GET", "/models", "200", "", "open"], doubles: [0] },
    ]);
  });
});

describe("the log", () => {
  it("has one line a request, without query, headers or body", async () => {
    const edge = openEdge();
    const secret = "s3cret";
    await edge.fetch(`/models?key=${secret}`, { headers: { authorization: secret, "x-request-id": "one" } });

    expect(edge.logged).toEqual([
      {
        level: "info",
        event: "request",
        requestId: "one",
        method: "GET",
        route: "/models",
        status: 200,
        code: null,
        durationMs: 0,
        key: "open",
      },
    ]);
  });

  it("has the cause that the client of a failed request is not told", async () => {
    const edge = openEdge((store) => ({
      ...store,
      list: () => Promise.reject(new Error("the disk is on fire")),
    }));
    const response = await edge.fetch("/models", { headers: { "x-request-id": "two" } });

    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ code: "internal", instance: "urn:request:two" });
    expect(edge.logged).toContainEqual(
      expect.objectContaining({ event: "failure", requestId: "two", reason: "the disk is on fire" }),
    );
  });
});

describe("unknown paths and methods", () => {
  const edge = openEdge();

  it.each(["/nowhere", "/classify/", "/console/none.js", "/console/../worker.ts"])(
    "answers 404 at %s",
    async (path) => {
      const response = await edge.fetch(path);

      expect(response.status).toBe(404);
      expect(response.headers.get("content-type")).toBe("application/problem+json");
      expect(await response.json()).toMatchObject({ code: "not_found" });
    },
  );

  it.each([
    ["GET", "/classify", "POST"],
    ["PUT", "/classify", "POST"],
    ["POST", "/models", "GET, HEAD"],
    ["DELETE", "/health/ready", "GET, HEAD"],
    ["POST", "/", "GET, HEAD"],
  ])("answers 405 to %s %s and names what is allowed", async (method, path, allowed) => {
    const response = await edge.fetch(path, { method });

    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe(allowed);
    expect(await response.json()).toMatchObject({ code: "method_not_allowed" });
  });
});

describe("the console", () => {
  it("is served at / with all its files and a strict content security policy", async () => {
    const edge = openEdge();
    const page = await edge.fetch("/");
    const html = await page.text();
    const files = [...html.matchAll(/(?:src|href)="(console\/[^"]+)"/g)].map(([, file]) => file ?? "");

    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(page.headers.get("content-security-policy")).toContain("default-src 'none'");
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect((await edge.fetch(`/${file}`)).status).toBe(200);
  });
});
