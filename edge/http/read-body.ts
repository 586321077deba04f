import { AppError } from "../../shared/contract/errors.ts";

/**
 * A body that is too long is read on to its end and dropped, up to this many times the limit: most clients write
 * all before they read, and would see a broken connection instead of the answer.
 */
const drainFactor = 4;
/** Bytes asked for at a time; the default reader gives 4 KB, and each read costs JavaScript time. */
const readBytes = 256 * 1024;

/** Time for a whole body: a photo of 3 MB over a slow phone line, at 1 Mbit/s, takes 24 s. */
const longestMs = 30_000;

/**
 * Reads a request's body; nothing is kept of one that is longer than allowed.
 * @param timeoutMs for the whole body
 * @throws {AppError} payload_too_large; request_timeout; invalid_argument when the body does not arrive whole
 */
export async function readBody(
  request: Request,
  limitBytes: number,
  timeoutMs: number = longestMs,
): Promise<Uint8Array<ArrayBuffer>> {
  if (request.body === null) return new Uint8Array();
  const header = request.headers.get("content-length");
  const declared = header === null ? null : Number(header);
  const body = await inTime(receive(request, request.body, limitBytes, declared), timeoutMs);
  if (body !== null && body.length <= limitBytes) return body;
  throw new AppError(
    "payload_too_large",
    `the body has ${declared ?? `more than ${limitBytes}`} bytes, the limit is ${limitBytes}; send a smaller image`,
  );
}

// A timer that is cleared, not one that a signal aborts: its controller would hold the request till a major collection.
async function inTime<T>(reading: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const fault = `the body did not arrive within ${timeoutMs} ms`;
      reject(new AppError("request_timeout", `${fault}; send a smaller image, or over a faster line`));
    }, timeoutMs);
  });
  try {
    return await Promise.race([reading, late]);
  } finally {
    clearTimeout(timer);
    reading.catch(() => undefined);
  }
}

async function receive(
  request: Request,
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
  declared: number | null,
): Promise<Uint8Array<ArrayBuffer> | null> {
  try {
    if (declared !== null && declared <= limitBytes) return new Uint8Array(await request.arrayBuffer());
    return await readChunks(stream, limitBytes, declared ?? 0);
  } catch (cause) {
    throw new AppError(
      "invalid_argument",
      "the body broke off before its end, or its chunks are malformed; send it whole",
      { cause },
    );
  }
}

/** The whole stream, `null` when it is longer than allowed. */
async function readChunks(
  stream: ReadableStream<Uint8Array>,
  limitBytes: number,
  declared: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const reader = stream.getReader({ mode: "byob" });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    if (Math.max(size, declared) > limitBytes * drainFactor) {
      await reader.cancel();
      return null;
    }
    const { done, value } = await reader.readAtLeast(readBytes, new Uint8Array(readBytes));
    if (value !== undefined) {
      size += value.length;
      if (Math.max(size, declared) <= limitBytes) chunks.push(value);
      else chunks.length = 0;
    }
    if (done) break;
  }
  return Math.max(size, declared) <= limitBytes ? joined(chunks, size) : null;
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
