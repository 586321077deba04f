import { AppError } from "../../shared/contract/errors.ts";
import { boundaryOf } from "../../shared/camera/part-stream.ts";
import { createFinder } from "../../shared/camera/find-bytes.ts";

/** One part of a form. */
export interface FormPart {
  /** Name of the field. */
  readonly field: string | null;
  readonly isFile: boolean;
  /** Name of the file as the client calls it, `null` where it does not. */
  readonly name: string | null;
  /** A view of the body. */
  readonly bytes: Uint8Array;
}

const mostParts = 1000;
const longestHeaderBytes = 16 * 1024;
const longestName = 255;
const carriageReturn = 13;
const lineFeed = 10;
const dash = 45;
const parameterPatterns = {
  name: { quoted: /;[ \t]*name="((?:[^"\\]|\\.)*)"/i, plain: /;[ \t]*name=([^;"\s]*)/i },
  filename: { quoted: /;[ \t]*filename="((?:[^"\\]|\\.)*)"/i, plain: /;[ \t]*filename=([^;"\s]*)/i },
} as const;
const endOfHeaders = latin1("\r\n\r\n");

/**
 * The parts of a `multipart/form-data` body (RFC 7578), in its order, an empty file input left out. They are views
 * of the body: the platform's own parser would hold each a second time, which an isolate of 128 MB cannot spare.
 * @param needsEnd whether the last boundary must be there, which some cameras leave out
 * @throws {AppError} invalid_argument when the body is no whole form
 */
export function parseParts(body: Uint8Array, contentType: string, needsEnd = true): FormPart[] {
  const delimiter = latin1(`\r\n--${boundaryOf(contentType)}`);
  const findDelimiter = createFinder(delimiter);
  const findEndOfHeaders = createFinder(endOfHeaders);
  const found: FormPart[] = [];
  // the first delimiter may stand at the very start, without its line break
  const isAtStart = delimiter.subarray(2).every((byte, i) => body[i] === byte);
  let at = isAtStart ? delimiter.length - 2 : after(findDelimiter(body, 0), delimiter.length);
  for (let parts = 0; !(body[at] === dash && body[at + 1] === dash); parts++) {
    if (parts === mostParts) throw brokenForm(`it has more than ${mostParts} parts`);
    const start = startOfLine(body, at);
    // a part without headers begins with the empty line
    const headerEnd = findEndOfHeaders(body, start - 2);
    if (headerEnd - start > longestHeaderBytes) throw brokenForm("the headers of a part are too long");
    const contentStart = after(headerEnd, endOfHeaders.length);
    const foundEnd = findDelimiter(body, contentStart - 2);
    const isCut = foundEnd < 0 && !needsEnd;
    const contentEnd = isCut ? body.length : foundEnd;
    at = isCut ? body.length : after(contentEnd, delimiter.length);
    const headers = new TextDecoder().decode(body.subarray(start, Math.max(start, headerEnd)));
    const part = partOf(headers, body.subarray(contentStart, Math.max(contentStart, contentEnd)));
    if (part !== null) found.push(part);
    if (!needsEnd && at + 1 >= body.length) break;
  }
  return found;
}

/** A part is a file when it has a file name, or a type that a text field does not have. */
function partOf(headers: string, bytes: Uint8Array): FormPart | null {
  const disposition = /^content-disposition:(.*)$/im.exec(headers)?.[1] ?? "";
  const field = parameterOf(disposition, "name");
  const name = parameterOf(disposition, "filename");
  // what a browser sends for an input without a file
  if (name === "" && bytes.length === 0) return null;
  const isFile = name !== null || /^content-type:[ \t]*(?:image\/|application\/octet-stream)/im.test(headers);
  return { field, isFile, name: name === "" ? null : (name?.slice(0, longestName) ?? null), bytes };
}

/** A parameter of a disposition, `null` where there is none. */
function parameterOf(disposition: string, name: "name" | "filename"): string | null {
  const patterns = parameterPatterns[name];
  const quoted = patterns.quoted.exec(disposition)?.[1];
  if (quoted !== undefined) return quoted.replaceAll(/\\(["\\])/g, "$1").replaceAll("%22", '"');
  return patterns.plain.exec(disposition)?.[1] ?? null;
}

/** Passes over the padding after a delimiter and the end of its line. */
function startOfLine(body: Uint8Array, from: number): number {
  let at = from;
  while (body[at] === 32 || body[at] === 9) at++;
  if (body[at] === carriageReturn && body[at + 1] === lineFeed) return at + 2;
  throw brokenForm("a boundary is not at the end of its line");
}

function after(position: number, length: number): number {
  if (position < 0) throw brokenForm("it ends before its last boundary");
  return position + length;
}

function brokenForm(fault: string): AppError {
  return new AppError(
    "invalid_argument",
    `the multipart body does not parse: ${fault}; let the HTTP client write the body and its content type`,
  );
}

function latin1(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
