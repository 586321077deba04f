import * as z from "zod/mini";
import { AppError, type ErrorCode } from "./errors.ts";

/**
 * Parses one outside value by its schema, or says in one line which fields are wrong.
 * @param what names the value in the message, e.g. `manifest of model scenes`
 * @throws {AppError} with `code` when the value does not fit the schema
 */
export function parseWith<T extends z.ZodMiniType>(
  schema: T,
  value: unknown,
  what: string,
  code: ErrorCode = "invalid_argument",
): z.infer<T> {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const faults = result.error.issues
    .slice(0, 5)
    .map((issue) => `${issue.path.map(String).join(".") || "(whole)"}: ${issue.message}`);
  const more = result.error.issues.length - faults.length;
  throw new AppError(
    code,
    `${what} is not valid: ${faults.join("; ")}${more > 0 ? `; and ${more} more` : ""}`,
    { details: { faults } },
  );
}

/**
 * Parses JSON text by a schema.
 * @throws {AppError} with `code` when the text is not JSON or does not fit the schema
 */
export function parseJsonWith<T extends z.ZodMiniType>(
  schema: T,
  text: string,
  what: string,
  code: ErrorCode = "invalid_argument",
): z.infer<T> {
  return parseWith(schema, parseJson(text, what, code), what, code);
}

/** The value of JSON text, whatever it is. @throws {AppError} with `code` when the text is not JSON */
export function parseJson(text: string, what: string, code: ErrorCode): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError(code, `${what} is not JSON; restore it or publish it again`, { cause });
  }
}
