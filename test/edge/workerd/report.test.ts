import { beforeAll, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import { type Edge, openEdge } from "./open-edge.ts";

const version = "20260131T000000Z-0a1b2c3d";
let edge: Edge;
let admin: TestKey;
let app: TestKey;

beforeAll(async () => {
  edge = openEdge(undefined, undefined, { open: false });
  [admin, app] = await Promise.all([testKey("0000000d", { scopes: ["admin"] }), testKey("0000000e")]);
  await putKeys(edge.store, admin, app);
  const html = new TextEncoder().encode("<!doctype html><title>report</title>");
  await edge.store.put(objectKeys.versionFile(edge.model, version, "report.html"), html);
});

function read(
  headers: Record<string, string>,
  path = `/models/${edge.model}/versions/${version}/report.html`,
) {
  return edge.fetch(path, { headers });
}

describe("the report of a version", () => {
  it("is for admins only, in a sandbox, kept by no cache", async () => {
    const { status, headers } = await read({ "x-api-key": admin.key });

    expect(status).toBe(200);
    expect(headers.get("content-type")).toBe("text/html; charset=utf-8");
    expect(headers.get("content-security-policy")).toMatch(/^sandbox; default-src 'none'/);
    expect(headers.get("content-security-policy")).not.toContain("allow-scripts");
    expect(headers.get("cache-control")).toBe("private, no-store");
    expect((await read({ "x-api-key": app.key })).status).toBe(403);
    expect((await read({})).status).toBe(401);
  });

  it.each([
    "/models/nobody/versions/20260131T000000Z-0a1b2c3d/report.html",
    "/models/m/versions/x/report.html",
  ])("is not at %s", async (path) => {
    expect((await read({ "x-api-key": admin.key }, path)).status).toBe(404);
  });

  it("asks a person for the key as a password, and no script", async () => {
    const [opened, fetched] = await Promise.all([
      read({ "sec-fetch-mode": "navigate" }),
      read({ "sec-fetch-mode": "cors" }),
    ]);

    expect(opened.headers.get("www-authenticate")).toBe('Basic realm="edgewise"');
    expect(fetched.headers.get("www-authenticate")).toBe('Bearer realm="edgewise"');
  });

  it("is not read in the name of a person whose browser remembers that password", async () => {
    const authorization = `Basic ${btoa(`admin:${admin.key}`)}`;

    expect((await read({ authorization })).status).toBe(200);
    expect((await read({ authorization, origin: "http://localhost" })).status).toBe(200);
    // this test's Worker lets every origin read, the next one none
    const strict = openEdge(undefined, undefined, { open: false, corsOrigins: [] });
    const foreign = { headers: { authorization, origin: "https://evil.example" } };
    expect((await strict.fetch("/models", foreign)).status).toBe(403);
  });
});

describe("a file of a version", () => {
  it("that needs a key is for no shared cache", async () => {
    await edge.store.put(objectKeys.versionFile(edge.model, version, "card.md"), new Uint8Array([1]));
    const response = await read(
      { "x-api-key": app.key },
      `/models/${edge.model}/versions/${version}/card.md`,
    );

    expect(response.headers.get("cache-control")).toBe("private, max-age=31536000, immutable");
  });
});
