import type * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";

/** Parses the JSON of a body by a schema. @param hint what to send @throws {AppError} invalid_argument */
export function parseJsonBody<T extends z.ZodMiniType>(
  schema: T,
  body: Uint8Array,
  hint: string,
): z.infer<T> {
  return parseWith(schema, jsonOf(body, hint), "the JSON body");
}

/** The value that the JSON of a body has. @param hint what to send @throws {AppError} invalid_argument */
export function jsonOf(body: Uint8Array, hint: string): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch (cause) {
    throw new AppError("invalid_argument", `the body is not JSON; send ${hint}`, { cause });
  }
}
