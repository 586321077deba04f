import { beforeAll, describe, expect, it } from "vitest";
import * as z from "zod/mini";
import { classifyAnswerSchema, classifyImagesAnswerSchema } from "../../../shared/contract/classify.ts";
import { publicAliasSchema } from "../../../shared/contract/alias.ts";
import { manifestSchema } from "../../../shared/contract/manifest.ts";
import { parseWith } from "../../../shared/contract/parse.ts";
import { problemSchema } from "../../../shared/contract/problem.ts";
import { livenessSchema, modelListSchema, readinessSchema } from "../../../shared/contract/service.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  pureColours,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { imagePost, openEdge } from "./open-edge.ts";

const operationSchema = z.object({
  operationId: z.string(),
  parameters: z.optional(z.array(z.object({ name: z.string(), in: z.string(), required: z.boolean() }))),
  responses: z.record(z.string(), z.looseObject({})),
});
const documentSchema = z.object({
  openapi: z.literal("3.1.0"),
  paths: z.record(z.string(), z.partialRecord(z.enum(["get", "post", "patch", "delete"]), operationSchema)),
  components: z.object({
    schemas: z.record(z.string(), z.looseObject({})),
    responses: z.record(z.string(), z.looseObject({})),
  }),
});

const edge = openEdge();
const folder = `/models/${edge.model}`;
let text: string;
let document: z.infer<typeof documentSchema>;
let bundle: HandMadeBundle;

beforeAll(async () => {
  bundle = await handMadeBundle({ model: edge.model });
  await putVersion(edge.store, bundle);
  await putAlias(edge.store, bundle);
  const response = await edge.fetch("/openapi.json");
  text = await response.text();
  document = parseWith(documentSchema, JSON.parse(text), "the document");
});

function operations(): { name: string; path: string; operation: z.infer<typeof operationSchema> }[] {
  return Object.entries(document.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) =>
      operation === undefined ? [] : [{ name: `${method.toUpperCase()} ${path}`, path, operation }],
    ),
  );
}

describe("GET /openapi.json", () => {
  it("describes every route, and none that is not there", () => {
    const routed = edge.routes.map((route) => route.replaceAll(/:(\w+)/g, "{$1}").replaceAll("*", "{file}"));

    expect(
      operations()
        .map(({ name }) => name)
        .toSorted(),
    ).toEqual(routed.toSorted());
    expect(routed.length).toBeGreaterThan(8);
  });

  it("names every operation once, with the parameters of its path", () => {
    const all = operations();

    expect(new Set(all.map(({ operation }) => operation.operationId)).size).toBe(all.length);
    for (const { path, operation } of all) {
      const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
      const described = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect(described.map(({ name }) => name)).toEqual(inPath);
      expect(described.every(({ required }) => required)).toBe(true);
    }
  });

  it("refers to nothing that it does not have", () => {
    const references = [...text.matchAll(/"\$ref":"([^"]+)"/g)].map(([, reference]) => reference ?? "");
    const { schemas, responses } = document.components;
    const known = new Set([
      ...Object.keys(schemas).map((name) => `#/components/schemas/${name}`),
      ...Object.keys(responses).map((name) => `#/components/responses/${name}`),
    ]);

    expect(references.length).toBeGreaterThan(20);
    expect(references.filter((reference) => !known.has(reference))).toEqual([]);
    expect(text).not.toMatch(/"\$(?:id|schema|defs)"/);
  });

  it("describes the query of classify by what is parsed", () => {
    const { parameters = [] } = document.paths["/classify"]?.post ?? {};

    expect(parameters.map(({ name }) => name)).toEqual(["topK", "threshold", "explain", "alias", "version"]);
  });
});

describe("every operation answers by its schema", () => {
  const red = solidPng(20, 20, pureColours[0] ?? [0, 0, 0]);
  const several = JSON.stringify({ images: [btoa(String.fromCharCode(...red)), ""] });

  it.each<readonly [string, z.ZodMiniType, () => string, RequestInit]>([
    ["classify", classifyAnswerSchema, () => "/classify", imagePost(red)],
    [
      "classify with a list",
      classifyImagesAnswerSchema,
      () => "/classify",
      imagePost(several, "application/json"),
    ],
    ["classifyByModel", classifyAnswerSchema, () => `${folder}/classify`, imagePost(red)],
    ["listModels", modelListSchema, () => "/models", {}],
    ["readAlias", publicAliasSchema, () => `${folder}/aliases/champion`, {}],
    [
      "readVersionFile",
      manifestSchema,
      () => `${folder}/versions/${bundle.manifest.version}/manifest.json`,
      {},
    ],
    ["isLive", livenessSchema, () => "/health/live", {}],
    ["isReady", readinessSchema, () => "/health/ready", {}],
    ["describeApi", documentSchema, () => "/openapi.json", {}],
    ["a failure", problemSchema, () => "/classify", { method: "POST" }],
  ])("%s", async (_, schema, path, init) => {
    const response = await edge.fetch(path(), init);

    expect(z.safeParse(schema, await response.json())).toMatchObject({ success: true });
  });
});
