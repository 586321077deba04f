import { type OutputUnit, Validator } from "@cfworker/json-schema";
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
import { absent, feedbackProbes, putFeedback } from "./feedback-probes.ts";
import { type Edge, openEdge } from "./open-edge.ts";
import {
  otherKey,
  type Probe,
  type ProbedEdge,
  probes as otherProbes,
  unprovoked,
} from "./openapi-probes.ts";

interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly responses: Readonly<Record<string, Answer>>;
}

interface Described extends Operation {
  readonly method: string;
  readonly path: string;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Answer>>; readonly schemas: object };
}

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
let api: OpenApi;
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
  api = await (await edges.open.fetch("/openapi.json")).json();
});

function operations(): Described[] {
  return Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
  );
}

/** All but those that the tests of cameras ask, whose Durable Objects this app does not have. */
function closelyDescribed(): Described[] {
  return operations().filter(({ tags }) => !tags.includes("Cameras"));
}

function operationOf(probe: Pick<Probe, "operation">): Described {
  const found = operations().find(({ operationId }) => operationId === probe.operation);
  if (found === undefined) throw new Error(`openapi.json has no operation ${probe.operation}`);
  return found;
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

/** What a body has against the schema it is described by. */
function faultsOf(schema: object, body: unknown): OutputUnit[] {
  const whole = { ...schema, components: api.components };
  return new Validator(whole, "2020-12").validate(body).errors;
}

/** What is described for a status: its schema by media type. */
function contentOf({ responses }: Operation, status: number): NonNullable<Answer["content"]> {
  const answer = responses[status];
  const name = answer?.$ref?.split("/").at(-1) ?? "";
  return (answer?.$ref === undefined ? answer : api.components.responses[name])?.content ?? {};
}

function provokedOf(id: string): number[] {
  return probes.filter(({ operation }) => operation === id).map(({ status }) => status);
}

describe("openapi.json describes what is answered", () => {
  const named = probes.map((probe, i) => ({ ...probe, name: `${probe.operation} ${probe.status}`, i }));

  it.each(named)("$name ($i)", async (probe) => {
    const operation = operationOf(probe);
    const response = await send(probe, operation.path);
    const bytes = await response.arrayBuffer();

    expect(response.status).toBe(probe.status);
    expect(Object.keys(operation.responses)).toContain(String(response.status));
    const content = contentOf(operation, probe.status);
    const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
    const described = content[type] ?? content["*/*"];
    // without a body nothing is described, and nothing else is
    expect({ hasBody: bytes.byteLength > 0, type, isDescribed: described !== undefined }).toEqual({
      hasBody: Object.keys(content).length > 0,
      type,
      isDescribed: bytes.byteLength > 0,
    });
    const isWholeJson = type.endsWith("json") && probe.status !== 206 && bytes.byteLength > 0;
    const body: unknown = isWholeJson ? JSON.parse(new TextDecoder().decode(bytes)) : null;
    expect(isWholeJson ? faultsOf(described?.schema ?? {}, body) : []).toEqual([]);
  });

  it("tells who asks too often so, in the words of each operation", async () => {
    for (const operation of closelyDescribed()) {
      const response = await limited.fetch(operation.path, { method: operation.method });
      const { schema = {} } = Object.values(contentOf(operation, 429))[0] ?? {};
      const faults = faultsOf(schema, await response.json());
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

  it("would find an answer that is not as described", () => {
    const { schema = {} } = contentOf(operationOf({ operation: "isLive" }), 200)["application/json"] ?? {};

    expect(faultsOf(schema, { status: "live" })).toEqual([]);
    expect(faultsOf(schema, { status: "dead" })).not.toEqual([]);
    expect(faultsOf(schema, { status: "live", more: 1 })).not.toEqual([]);
  });
});
