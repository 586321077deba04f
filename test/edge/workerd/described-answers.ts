import { type OutputUnit, Validator } from "@cfworker/json-schema";
import type { Edge } from "./open-edge.ts";

interface Answer {
  readonly $ref?: string;
  readonly content?: Readonly<Record<string, { readonly schema?: object }>>;
}

interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  /** Absent where no key is asked for. */
  readonly "x-scope"?: string;
  readonly responses: Readonly<Record<string, Answer>>;
}

/** An operation of openapi.json with where it is. */
export interface Described extends Operation {
  readonly method: string;
  readonly path: string;
}

interface OpenApi {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: { readonly responses: Readonly<Record<string, Answer>>; readonly schemas: object };
}

/** Holds answers against openapi.json. */
export interface DescribedAnswers {
  readonly operations: readonly Described[];
  /** @throws where openapi.json has none of the name */
  operation(operationId: string): Described;
  /**
   * What an answer has against what is described: its status, its media type, whether it has a body at all, and that
   * body's schema where it is whole JSON. Reads the body, but for a stream, which has no end.
   */
  check(operation: Operation, response: Response): Promise<readonly unknown[]>;
}

/** Reads openapi.json of an app. */
export async function readDescription(edge: Edge): Promise<DescribedAnswers> {
  const api: OpenApi = await (await edge.fetch("/openapi.json")).json();
  const operations = Object.entries(api.paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ ...operation, path, method: method.toUpperCase() })),
  );
  const faultsOf = (schema: object, body: unknown): OutputUnit[] =>
    new Validator({ ...schema, components: api.components }, "2020-12").validate(body).errors;
  const contentOf = ({ responses }: Operation, status: number): NonNullable<Answer["content"]> => {
    const answer = responses[status];
    const name = answer?.$ref?.split("/").at(-1) ?? "";
    return (answer?.$ref === undefined ? answer : api.components.responses[name])?.content ?? {};
  };
  return {
    operations,
    operation: (operationId) => {
      const found = operations.find((operation) => operation.operationId === operationId);
      if (found === undefined) throw new Error(`openapi.json has no operation ${operationId}`);
      return found;
    },
    check: async (operation, response) => {
      const { status } = response;
      if (!(String(status) in operation.responses)) return [`status ${status} is not described`];
      const described = contentOf(operation, status);
      const type = response.headers.get("content-type")?.split(";", 1)[0] ?? "";
      const schemas = described[type] ?? described[`${type.split("/", 1)[0]}/*`] ?? described["*/*"];
      if (type === "text/event-stream") {
        await response.body?.cancel();
        return schemas === undefined ? ["streams are not described"] : [];
      }
      const bytes = await response.arrayBuffer();
      const hasBody = bytes.byteLength > 0;
      if (hasBody !== Object.keys(described).length > 0) return [`status ${status}: has a body: ${hasBody}`];
      if (!hasBody) return [];
      if (schemas === undefined) return [`status ${status}: ${type} is not described`];
      if (!type.endsWith("json") || status === 206) return [];
      return faultsOf(schemas.schema ?? {}, JSON.parse(new TextDecoder().decode(bytes)));
    },
  };
}
