import { problemMediaType } from "../../shared/contract/problem.ts";
import { type PathItem, securitySchemes } from "./operation.ts";
import { describePaths } from "./paths.ts";
import { jsonSchemas } from "./schemas.ts";

/** The part of OpenAPI 3.1 that we write. */
export interface OpenApiDocument {
  readonly openapi: "3.1.0";
  readonly info: { readonly title: string; readonly version: string; readonly summary: string };
  readonly paths: Readonly<Record<string, PathItem>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, unknown>>;
    readonly responses: Readonly<Record<string, unknown>>;
    readonly securitySchemes: typeof securitySchemes;
  };
}

/** Describes the whole API; the schemas are those that requests are parsed and answers are typed by. */
export function createOpenApiDocument(): OpenApiDocument {
  return {
    openapi: "3.1.0",
    info: {
      title: "edgewise",
      version: "1",
      summary: "Classifies images by the model that was evaluated, and hands out that model.",
    },
    paths: describePaths(),
    components: {
      schemas: jsonSchemas(),
      securitySchemes,
      responses: {
        Problem: {
          description: "A failure, RFC 9457; `code` is stable.",
          content: { [problemMediaType]: { schema: { $ref: "#/components/schemas/Problem" } } },
        },
      },
    },
  };
}
