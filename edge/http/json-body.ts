import type * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import { estimateJsonHeap } from "./json-heap.ts";

/** Of what is not the text of an image, more than any request needs: 16,000 objects. */
const mostHeapBytes = 1024 * 1024;

/** Parses the JSON of a body by a schema, else as {@link jsonOf}. @throws {AppError} payload_too_large, invalid_argument */
export function parseJsonBody<T extends z.ZodMiniType>(
  schema: T,
  body: Uint8Array,
  hint: string,
  mostBytes?: number,
): z.infer<T> {
  return parseWith(schema, jsonOf(body, hint, mostBytes), "the JSON body");
}

/**
 * The value that the JSON of a body has.
 * @param hint what to send
 * @param mostBytes that its values may take of the heap, beside the characters of texts; 1 MB unless told
 * @throws {AppError} payload_too_large, invalid_argument
 */
export function jsonOf(body: Uint8Array, hint: string, mostBytes: number = mostHeapBytes): unknown {
  if (estimateJsonHeap(body, mostBytes) > mostBytes) {
    throw new AppError(
      "payload_too_large",
      `the JSON body has so many values that they take more than the ${mostBytes} bytes of memory allowed; send ${hint}`,
    );
  }
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(body));
  } catch (cause) {
    throw new AppError("invalid_argument", `the body is not JSON; send ${hint}`, { cause });
  }
}
