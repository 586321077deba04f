import { AppError } from "../contract/errors.ts";
import { imageLimits } from "../image/codec-failure.ts";
import { createFinder } from "./find-bytes.ts";

const longestHeader = 16 * 1024;
const encoder = new TextEncoder();

/**
 * The parts of a `multipart/x-mixed-replace` body (Netscape 1995; what cameras call MJPEG), each as soon as it is whole:
 * a stream may never end. Holds one part at a time.
 * @throws {AppError} invalid_argument without a boundary; payload_too_large when a part is larger than an image may be
 */
export async function* readStream(
  body: AsyncIterable<Uint8Array>,
  contentType: string,
): AsyncGenerator<Uint8Array, void, void> {
  // cameras write the boundary of the type with and without its dashes
  const boundary = encoder.encode(`--${boundaryOf(contentType).replace(/^--/, "")}`);
  const findBoundary = createFinder(boundary);
  const findEmptyLine = createFinder(encoder.encode("\r\n\r\n"));
  const most = imageLimits.maxBytes + longestHeader;
  let buffer = new Uint8Array();
  let length = 0;
  let isInside = false;
  for await (const chunk of body) {
    // a boundary may have begun before this chunk
    let from = Math.max(0, length - boundary.length + 1);
    buffer = withRoom(buffer, length, chunk.length);
    buffer.set(chunk, length);
    length += chunk.length;
    const held = buffer.subarray(0, length);
    let start = 0;
    for (let at = findBoundary(held, from); at >= 0; at = findBoundary(held, from)) {
      if (isInside) yield contentOf(held.subarray(start, at), findEmptyLine);
      isInside = true;
      start = from = at + boundary.length;
    }
    if (start > 0) {
      buffer = held.slice(start);
      length = buffer.length;
    }
    if (length > most) {
      throw new AppError(
        "payload_too_large",
        `a part of the stream has more than ${imageLimits.maxBytes} bytes`,
      );
    }
  }
}

/** Value of the parameter `boundary`, 1 to 70 characters (RFC 2046, section 5.1.1). @throws {AppError} invalid_argument */
export function boundaryOf(contentType: string): string {
  const found = /;[ \t]*boundary=(?:"([^"]{1,70})"|([^\s;"]{1,70}))[ \t]*(?:;|$)/i.exec(contentType);
  const boundary = found?.[1] ?? found?.[2];
  if (boundary === undefined) {
    throw new AppError(
      "invalid_argument",
      "the multipart body does not parse: its content type has no boundary; let the HTTP client write the body and its content type",
    );
  }
  return boundary;
}

/** What follows the headers, without the line break before the next boundary. */
function contentOf(part: Uint8Array, findEmptyLine: (bytes: Uint8Array, from: number) => number): Uint8Array {
  const headerEnd = findEmptyLine(part, 0);
  const start = headerEnd < 0 ? 0 : headerEnd + 4;
  const hasBreak = part.at(-2) === 13 && part.at(-1) === 10;
  return part.slice(start, hasBreak ? -2 : undefined);
}

/** An array that begins with the first `length` bytes and has room for `added` more, doubled so that bytes are seldom moved. */
function withRoom(bytes: Uint8Array<ArrayBuffer>, length: number, added: number): Uint8Array<ArrayBuffer> {
  if (length + added <= bytes.length) return bytes;
  const larger = new Uint8Array(Math.max(length + added, 2 * bytes.length));
  larger.set(bytes.subarray(0, length));
  return larger;
}
