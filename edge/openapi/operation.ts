import * as z from "zod/mini";
import type { KeyScope } from "../../shared/contract/keys.ts";
import { type SchemaName, withoutIdentity } from "./schemas.ts";

/** How a key is sent; by the name of each way among the document's components. */
export const securitySchemes = {
  bearer: { type: "http", scheme: "bearer", description: "An API key of `edgewise keys create`." },
  apiKey: { type: "apiKey", in: "header", name: "x-api-key" },
} as const;

const keySecurity = [{ bearer: [] }, { apiKey: [] }] as const;

/** One operation of OpenAPI 3.1. */
export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  /** The chapter it belongs to. */
  readonly tags?: readonly string[];
  /** What a caller's API key must be allowed to do, absent where no key is asked for. */
  readonly "x-scope"?: KeyScope;
  readonly security?: typeof keySecurity;
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required: true; readonly content: Content };
  readonly responses: Readonly<Record<string, Answer>>;
}

/** The operations of one path. */
export type PathItem = Partial<Readonly<Record<"get" | "post" | "patch" | "delete", Operation>>>;

/** What an operation takes beside its body. */
export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: unknown;
}

/** Bodies by media type. */
export type Content = Readonly<Record<string, { readonly schema: unknown }>>;

/** What a status answers. */
export type Answer =
  | { readonly $ref: string }
  | { readonly description: string; readonly headers?: unknown; readonly content?: Content };

/** Any text. */
export const text = { type: "string" } as const;

/** Bytes. */
export const binary: Content[string] = { schema: {} };

/** An operation that reads nothing but its path and answers JSON. @param answer its schema, `null` for any object */
export function jsonOperation(
  operationId: string,
  summary: string,
  answer: SchemaName | null,
  failures: Record<string, Answer>,
  parameters: readonly Parameter[] = [],
): Operation {
  const schema = answer === null ? { type: "object" } : schemaOf(answer);
  return {
    operationId,
    summary,
    parameters,
    responses: { 200: { description: summary, content: { "application/json": { schema } } }, ...failures },
  };
}

/** A part of the path. */
export function inPath(name: string, schema: z.ZodMiniType): Parameter {
  return { name, in: "path", required: true, schema: withoutIdentity(z.toJSONSchema(schema)) };
}

/** A header that may be sent. */
export function inHeader(name: string): Parameter {
  return { name, in: "header", required: false, schema: text };
}

/** Refers to a schema of the document. */
export function schemaOf(name: SchemaName): { readonly $ref: string } {
  return { $ref: `#/components/schemas/${name}` };
}

/** Failures as RFC 9457 problems. */
export function problems(statuses: readonly number[]): Record<string, Answer> {
  return Object.fromEntries(statuses.map((status) => [status, { $ref: "#/components/responses/Problem" }]));
}

/**
 * Operations of one chapter, with what each is answered that asks too often or without the right key.
 * @param scope what a key must be allowed to do, `null` where none is asked for
 * @param failure how the chapter tells of failures
 */
export function chapter(
  tag: string,
  scope: KeyScope | null,
  paths: Readonly<Record<string, PathItem>>,
  failure: Answer = { $ref: "#/components/responses/Problem" },
): Record<string, PathItem> {
  const refusals =
    scope === null ? { 429: failure } : { 401: failure, 403: failure, 429: failure, 503: failure };
  const key = scope === null ? {} : { "x-scope": scope, security: keySecurity };
  const complete = (operation: Operation): Operation => ({
    ...operation,
    ...key,
    tags: [tag],
    responses: { ...operation.responses, ...refusals },
  });
  return Object.fromEntries(
    Object.entries(paths).map(([path, item]) => [
      path,
      Object.fromEntries(Object.entries(item).map(([method, operation]) => [method, complete(operation)])),
    ]),
  );
}
