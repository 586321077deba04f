import type { Context } from "hono";
import type { AppEnvironment } from "../app-environment.ts";

/** `GET /openapi.json`: the API as OpenAPI 3.1. What describes it is not set up before somebody asks. */
export async function answerOpenApi(context: Context<AppEnvironment>): Promise<Response> {
  const { createOpenApiDocument } = await import("../openapi/document.ts");
  context.header("cache-control", "public, max-age=300");
  return context.json(createOpenApiDocument());
}
