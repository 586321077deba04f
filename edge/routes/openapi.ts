import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";
import { createOpenApiDocument } from "../openapi/document.ts";

/** `GET /openapi.json`: the API as OpenAPI 3.1. */
export function answerOpenApi(context: Context<AppEnvironment>): Response {
  context.header("cache-control", "public, max-age=300");
  return context.json(createOpenApiDocument());
}
