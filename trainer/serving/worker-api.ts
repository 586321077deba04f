import type * as z from "zod/mini";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { problemSchema } from "../../shared/contract/problem.ts";

/** A Worker's HTTP API, asked with an API key. */
export interface WorkerApi {
  /** Asks, and parses the answer. @throws {AppError} with the code of the Worker's problem */
  ask<T extends z.ZodMiniType>(
    method: "GET" | "POST" | "PATCH" | "DELETE",
    path: string,
    schema: T,
    body?: unknown,
  ): Promise<z.infer<T>>;
}

/** @param key `undefined` for a Worker that is open */
export function openWorkerApi(url: string, key: string | undefined): WorkerApi {
  return {
    async ask(method, path, schema, body) {
      const response = await send(new URL(path, url), {
        method,
        headers: {
          ...(key === undefined ? {} : { authorization: `Bearer ${key}` }),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      });
      const text = await response.text();
      const value: unknown = text === "" ? {} : parseJson(text);
      if (!response.ok) throw failureOf(response.status, value);
      return parseWith(schema, value, `the answer to ${method} ${path}`, "internal");
    },
  };
}

async function send(url: URL, init: RequestInit): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (cause) {
    throw new AppError("not_found", `no Worker answers at ${url.origin}; start one, or give its --url`, {
      cause,
    });
  }
}

function failureOf(status: number, body: unknown): AppError {
  try {
    const { code, detail } = parseWith(problemSchema, body, "the problem", "internal");
    return new AppError(code, detail);
  } catch (error) {
    if (!isAppError(error)) throw error;
    return new AppError("internal", `the Worker answered ${status} without saying why; see its log`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
