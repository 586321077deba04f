import { beforeAll, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import { putKeys, testKey } from "../../fixtures/api-keys.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { feedbackOff } from "../../../edge/feedback/feedback-settings.ts";
import { type Described, type DescribedAnswers, readDescription } from "./described-answers.ts";
import { absent, feedbackProbes, putFeedback } from "./feedback-probes.ts";
import { type Edge, openEdge } from "./open-edge.ts";
import {
  otherKey,
  type Probe,
  type ProbedEdge,
  probes as otherProbes,
  unprovoked,
} from "./openapi-probes.ts";

const probes: readonly Probe[] = [...otherProbes, ...feedbackProbes];
const feedback = { ...feedbackOff, isOn: true, dailyCap: 1000 };
const edges: Readonly<Record<ProbedEdge, Edge>> = {
  open: openEdge(undefined, undefined, { feedback }),
  empty: openEdge(),
  deployed: openEdge(undefined, undefined, { singleProcess: false }),
  closed: openEdge(undefined, undefined, { open: false }),
  failing: openEdge(
    (store) => ({
      ...store,
      get: () => Promise.reject(new Error("the store is down")),
      head: () => Promise.reject(new Error("the store is down")),
      list: () => Promise.reject(new Error("the store is down")),
    }),
    undefined,
    { open: false },
  ),
};
const refuse: RateLimit = { limit: () => Promise.resolve({ success: false }) };
const limited = openEdge(undefined, undefined, { open: false }, undefined, {
  services: { limits: { key: refuse, address: refuse } },
});
let api: DescribedAnswers;
let bundle: HandMadeBundle;
let keyOfCamera: string;

beforeAll(async () => {
  const { store, model } = edges.open;
  bundle = await handMadeBundle({ model });
  await putVersion(store, bundle);
  await putAlias(store, bundle);
  await store.put(
    objectKeys.versionFile(model, bundle.manifest.version, "report.html"),
    new Uint8Array([60]),
  );
  await store.put(objectKeys.alias(model, "damaged"), new TextEncoder().encode("{}"));
  const camera = await testKey("00000002", { scopes: ["camera"] });
  await putKeys(edges.closed.store, camera);
  keyOfCamera = camera.key;
  await putFeedback(store, model);
  api = await readDescription(edges.open);
});

/** All but those of cameras, which are asked by a test of their own. */
function closelyDescribed(): Described[] {
  return api.operations.filter(({ tags }) => !tags.includes("Cameras"));
}

function send(probe: Probe, path: string): Promise<Response> {
  const edge = edges[probe.edge ?? "open"];
  const names: Record<string, string> = {
    model: edge.model,
    version: bundle.manifest.version,
    alias: "champion",
    file: "manifest.json",
    id: absent,
  };
  const url = (probe.path ?? path).replaceAll(/\{(\w+)\}/g, (_, name: string) => names[name] ?? "");
  const headers = new Headers(probe.init?.headers);
  if (headers.get("x-api-key") === otherKey) headers.set("x-api-key", keyOfCamera);
  return edge.fetch(url, { ...probe.init, headers });
}

function provokedOf(id: string): number[] {
  return probes.filter(({ operation }) => operation === id).map(({ status }) => status);
}

describe("openapi.json describes what is answered", () => {
  const named = probes.map((probe, i) => ({ ...probe, name: `${probe.operation} ${probe.status}`, i }));

  it.each(named)("$name ($i)", async (probe) => {
    const operation = api.operation(probe.operation);
    const response = await send(probe, operation.path);

    expect(response.status).toBe(probe.status);
    expect(await api.check(operation, response)).toEqual([]);
  });

  it("tells who asks too often so, in the words of each operation", async () => {
    for (const operation of closelyDescribed()) {
      const response = await limited.fetch(operation.path, { method: operation.method });
      const faults = await api.check(operation, response);
      expect({ id: operation.operationId, status: response.status, faults }).toEqual({
        id: operation.operationId,
        status: 429,
        faults: [],
      });
    }
  });

  it("names for each operation exactly the statuses that are provoked here, and faults of the server's own", () => {
    const statuses = closelyDescribed().map(({ operationId, responses }): [string, number[]] => [
      operationId,
      Object.keys(responses).map(Number),
    ]);
    const provoked = closelyDescribed().map(({ operationId }): [string, number[]] => {
      const all = new Set([429, ...provokedOf(operationId), ...(unprovoked[operationId] ?? [])]);
      return [operationId, [...all].toSorted((a, b) => a - b)];
    });

    expect(Object.fromEntries(statuses)).toEqual(Object.fromEntries(provoked));
  });

  it("would find an answer that is not as described", async () => {
    const isLive = api.operation("isLive");

    expect(await api.check(isLive, Response.json({ status: "live" }))).toEqual([]);
    for (const wrong of [
      Response.json({ status: "dead" }),
      Response.json({ status: "live", more: 1 }),
      Response.json({ status: "live" }, { status: 201 }),
      new Response("live"),
      new Response(null),
    ]) {
      expect(await api.check(isLive, wrong)).not.toEqual([]);
    }
  });
});
