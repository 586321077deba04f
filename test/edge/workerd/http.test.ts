import { describe, expect, it } from "vitest";
import { openEdge } from "./open-edge.ts";

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
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
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
        path: "/models",
        status: 200,
        durationMs: 0,
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
