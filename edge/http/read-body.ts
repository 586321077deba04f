import { AppError } from "../../shared/contract/errors.ts";

/**
 * A body that is too long is read on to its end and dropped, up to this many times the limit: most clients write
 * all before they read, and would see a broken connection instead of the answer.
 */
const drainFactor = 4;

/**
 * Reads a request's body; nothing is kept of one that is longer than allowed.
 * @throws {AppError} payload_too_large
 */
export async function readBody(request: Request, limitBytes: number): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const declared = Number(request.headers.get("content-length") ?? 0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    size += value.length;
    if (size <= limitBytes && declared <= limitBytes) chunks.push(value);
    else chunks.length = 0;
    if (Math.max(size, declared) > limitBytes * drainFactor) {
      await reader.cancel();
      break;
    }
  }
  if (Math.max(size, declared) > limitBytes) {
    throw new AppError(
      "payload_too_large",
      `the body has ${Math.max(size, declared)} bytes or more, the limit is ${limitBytes}; send a smaller image`,
    );
  }
  return joined(chunks, size);
}

function joined(chunks: readonly Uint8Array[], size: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
