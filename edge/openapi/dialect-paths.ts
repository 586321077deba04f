import { nameSchema, versionSchema } from "../../shared/contract/names.ts";
import {
  type Answer,
  binary,
  chapter,
  inHeader,
  inPath,
  jsonOperation,
  type Operation,
  type Parameter,
  type PathItem,
  schemaOf,
} from "./operation.ts";
import type { SchemaName } from "./schemas.ts";

/** The paths of other protocols: Open Inference v2, Hugging Face, DeepStack. */
export function dialectPaths(): Record<string, PathItem> {
  const model = [inPath("model", nameSchema)];
  const version = [...model, inPath("version", versionSchema)];
  const told = failureAs("V2Error");
  return {
    ...chapter(
      "Open Inference Protocol",
      null,
      {
        "/v2": { get: jsonOperation("v2Server", "What the server is.", "V2Server", {}) },
        "/v2/health/live": { get: jsonOperation("v2IsLive", "The process answers.", null, {}) },
        "/v2/health/ready": {
          get: jsonOperation("v2IsReady", "The main model serves.", null, v2([500, 503])),
        },
      },
      told,
    ),
    ...chapter(
      "Open Inference Protocol",
      "classify",
      {
        ...v2Model("/v2/models/{model}", "v2", model),
        ...v2Model("/v2/models/{model}/versions/{version}", "v2Version", version),
      },
      told,
    ),
    ...chapter(
      "Hugging Face",
      "classify",
      {
        "/hf": { post: huggingFace("hfClassify", []) },
        "/hf/models/{model}": { post: huggingFace("hfClassifyByModel", model) },
      },
      told,
    ),
    ...chapter("DeepStack", "classify", { "/v1/vision/scene": { post: scene() } }, failureAs("SceneError")),
  };
}

function v2Model(path: string, id: string, parameters: readonly Parameter[]): Record<string, PathItem> {
  const refusals = v2([404, 500, 503]);
  return {
    [path]: {
      get: jsonOperation(`${id}Model`, "Inputs and outputs of a model.", "V2Model", refusals, parameters),
    },
    [`${path}/ready`]: {
      get: jsonOperation(`${id}ModelReady`, "The model serves.", null, refusals, parameters),
    },
    [`${path}/infer`]: {
      post: {
        operationId: `${id}Infer`,
        summary: `Classifies up to 16 images, files (\`image\`, BYTES) or normalized pixels (\`input\`, FP32).`,
        parameters: [...parameters, inHeader("inference-header-content-length")],
        requestBody: {
          required: true,
          content: {
            "application/json": { schema: schemaOf("V2InferRequest") },
            "application/octet-stream": binary,
          },
        },
        responses: {
          200: {
            description: "The outputs; those asked for as binary follow the JSON.",
            content: {
              "application/json": { schema: schemaOf("V2InferAnswer") },
              "application/octet-stream": binary,
            },
          },
          ...v2([400, 404, 413, 415, 500, 503]),
        },
      },
    },
  };
}

function huggingFace(operationId: string, parameters: readonly Parameter[]): Operation {
  return {
    operationId,
    summary: "Classifies an image.",
    parameters,
    requestBody: {
      required: true,
      content: {
        "image/*": binary,
        "application/octet-stream": binary,
        "application/json": { schema: schemaOf("HuggingFaceRequest") },
      },
    },
    responses: {
      200: {
        description: "Classes, most probable first.",
        content: { "application/json": { schema: schemaOf("HuggingFaceAnswer") } },
      },
      ...v2([400, ...(parameters.length > 0 ? [404] : []), 413, 415, 500, 503]),
    },
  };
}

function scene(): Operation {
  const form = {
    type: "object",
    required: ["image"],
    properties: { image: { type: "string", contentMediaType: "application/octet-stream" } },
  };
  return {
    operationId: "recogniseScene",
    summary: "Recognises a scene, by the main model.",
    requestBody: { required: true, content: { "multipart/form-data": { schema: form } } },
    responses: {
      200: {
        description: "The top class, or `unknown`.",
        content: { "application/json": { schema: schemaOf("SceneAnswer") } },
      },
      ...failures("SceneError", [400, 413, 415, 500, 503]),
    },
  };
}

function v2(statuses: readonly number[]): Record<string, Answer> {
  return failures("V2Error", statuses);
}

function failures(schema: SchemaName, statuses: readonly number[]): Record<string, Answer> {
  return Object.fromEntries(statuses.map((status) => [status, failureAs(schema)]));
}

function failureAs(schema: SchemaName): Answer {
  return { description: "A failure.", content: { "application/json": { schema: schemaOf(schema) } } };
}
