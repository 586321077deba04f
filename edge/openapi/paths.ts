import * as z from "zod/mini";
import { requestLimits } from "../../shared/contract/classify-request.ts";
import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import { classifyQuerySchema } from "../http/classify-query.ts";
import { cameraPaths } from "./camera-paths.ts";
import { feedbackPaths } from "./feedback-paths.ts";
import { dialectPaths } from "./dialect-paths.ts";
import {
  binary,
  chapter,
  type Content,
  inHeader,
  inPath,
  jsonOperation,
  type Operation,
  type Parameter,
  type PathItem,
  problems,
  schemaOf,
  text,
} from "./operation.ts";

const etagHeader = { ETag: { schema: text } } as const;

/** Every path of the API. */
export function describePaths(): Record<string, PathItem> {
  return {
    ...chapter("Classification", "classify", {
      "/classify": { post: classify("classify", "Classifies images by the model that serves.", []) },
      "/models/{model}/classify": {
        post: classify("classifyByModel", "Classifies images by a model.", [inPath("model", nameSchema)]),
      },
    }),
    ...chapter("Models", "classify", {
      "/models": {
        get: jsonOperation(
          "listModels",
          "Complete versions and their aliases.",
          "ModelList",
          problems([500]),
        ),
      },
      "/models/{model}/aliases/{alias}": { get: readAlias() },
      "/models/{model}/versions/{version}/{file}": { get: readFile() },
    }),
    ...dialectPaths(),
    ...feedbackPaths(),
    ...cameraPaths(),
    ...chapter("Operation", "admin", {
      "/models/{model}/versions/{version}/report.html": {
        get: page(
          "readReport",
          "How a version was evaluated, with photos of the dataset.",
          [inPath("model", nameSchema), inPath("version", versionSchema)],
          "text/html",
          [404, 500],
        ),
      },
      "/metrics": {
        get: page("readMetrics", "What this process counted, for Prometheus.", [], "text/plain", [404]),
      },
    }),
    ...chapter("Health", null, {
      "/health/live": { get: jsonOperation("isLive", "The process answers.", "Liveness", {}) },
      "/health/ready": { get: isReady() },
    }),
    ...chapter("Pages", null, {
      "/openapi.json": { get: jsonOperation("describeApi", "This API as OpenAPI 3.1.", null, {}) },
      "/docs": { get: page("readDocs", "This API for people.", [], "text/html", []) },
      "/": { get: page("openConsole", "The console page.", [], "text/html", []) },
      "/console/{file}": {
        get: page("readConsoleFile", "A file of the pages.", [inPath("file", z.string())], "*/*", [404]),
      },
    }),
  };
}

function isReady(): Operation {
  const summary = "A golden vector just gave what was published.";
  return jsonOperation("isReady", summary, "Readiness", problems([500, 503]));
}

function classify(operationId: string, summary: string, path: readonly Parameter[]): Operation {
  const form = {
    type: "object",
    description: `1 to ${requestLimits.images} files, whatever the fields are called.`,
    additionalProperties: { type: "string", contentMediaType: "application/octet-stream" },
  };
  return {
    operationId,
    summary,
    parameters: [...path, ...queryParameters()],
    requestBody: {
      required: true,
      content: {
        "image/*": binary,
        "application/octet-stream": binary,
        "multipart/form-data": { schema: form },
        "application/json": { schema: { oneOf: [schemaOf("ImageRequest"), schemaOf("ImagesRequest")] } },
      },
    },
    responses: {
      200: {
        description: "One answer, or for a list one result for each image.",
        content: {
          "application/json": {
            schema: { oneOf: [schemaOf("ClassifyAnswer"), schemaOf("ClassifyImagesAnswer")] },
          },
          "text/plain": { schema: text },
        },
      },
      ...problems([400, 404, 413, 415, 500, 503]),
    },
  };
}

function readAlias(): Operation {
  return {
    operationId: "readAlias",
    summary: "The version that an alias points at, and the digest of its manifest.",
    parameters: [inPath("model", nameSchema), inPath("alias", nameSchema), inHeader("if-none-match")],
    responses: {
      200: {
        description: "The alias.",
        headers: etagHeader,
        content: { "application/json": { schema: schemaOf("Alias") } },
      },
      304: { description: "It did not move.", headers: etagHeader },
      ...problems([404, 500]),
    },
  };
}

function readFile(): Operation {
  const content: Content = {
    "application/json": { schema: { anyOf: [schemaOf("ModelManifest"), { type: "object" }] } },
    "application/octet-stream": binary,
    "text/markdown": { schema: text },
  };
  return {
    operationId: "readVersionFile",
    summary:
      "A file of a published version, which never changes: manifest.json, model.json, weights, card.md.",
    parameters: [
      inPath("model", nameSchema),
      inPath("version", versionSchema),
      inPath("file", z.string()),
      ...["if-none-match", "range", "if-range"].map(inHeader),
    ],
    responses: {
      200: { description: "The file.", headers: etagHeader, content },
      206: { description: "The part that was asked for.", headers: etagHeader, content },
      304: { description: "The client has it.", headers: etagHeader },
      ...problems([404, 416, 500]),
    },
  };
}

function page(
  operationId: string,
  summary: string,
  parameters: readonly Parameter[],
  mediaType: string,
  failures: readonly number[],
): Operation {
  return {
    operationId,
    summary,
    parameters,
    responses: {
      200: { description: summary, content: { [mediaType]: { schema: text } } },
      ...problems(failures),
    },
  };
}

function queryParameters(): Parameter[] {
  const { properties = {} } = z.toJSONSchema(classifyQuerySchema);
  return Object.entries(properties).map(([name, schema]) => ({ name, in: "query", required: false, schema }));
}
