import { createReadStream } from "node:fs";
import { Transform } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { extract, type Header } from "tar-stream";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ArchiveGuard } from "./archive-guard.ts";
import type { ArchiveEntry } from "./pack.ts";

/** What tar-stream gives for an entry. */
interface TarEntry extends AsyncIterable<unknown> {
  readonly header: Pick<Header, "name" | "size"> & { readonly type: Header["type"] | null };
}

/**
 * The files and folders of a tar archive, in its order; each has to be read before the next is asked for.
 * @param onRead called with the bytes of the archive read so far
 * @throws {AppError} invalid_archive
 */
export async function* readTarEntries(
  path: string,
  isGzipped: boolean,
  guard: ArchiveGuard,
  onRead: (bytes: number) => void,
): AsyncGenerator<ArchiveEntry> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const entries = extract();
  // The padding and headers of a tar count too: a tar bomb may consist of them alone.
  const meter = meterOf((bytes) => guard.countBytes(bytes));
  const reader = meterOf(() => onRead(source.bytesRead));
  const feeding = isGzipped
    ? pipeline(source, reader, createGunzip(), meter, entries)
    : pipeline(source, reader, meter, entries);
  // Whatever stops it shows below, either at the next entry or after the last.
  feeding.catch(() => {});
  try {
    for await (const entry of entries) yield toArchiveEntry(entry, guard);
    await feeding;
  } catch (error) {
    // What stopped the feeding is the cause; the entries only tell that the feeding stopped.
    const cause: unknown = await feeding.then(
      () => error,
      (reason: unknown) => (isAppError(error) ? error : reason),
    );
    throw isAppError(cause) ? cause : guard.refuse("is damaged or cut off", cause);
  } finally {
    source.destroy();
  }
}

function toArchiveEntry(entry: TarEntry, guard: ArchiveGuard): ArchiveEntry {
  const { name, type, size } = entry.header;
  const path = guard.checkPath(name);
  guard.countEntry(path, size);
  if (type !== "file" && type !== "contiguous-file" && type !== "directory") {
    throw guard.refuse(`has an entry ${path} of type ${type ?? "unknown"}, allowed are files and folders`);
  }
  return { path, kind: type === "directory" ? "folder" : "file", content: bytesOf(entry) };
}

async function* bytesOf(entry: TarEntry): AsyncGenerator<Uint8Array> {
  for await (const chunk of entry) {
    if (chunk instanceof Uint8Array) yield chunk;
  }
}

function meterOf(count: (bytes: number) => void): Transform {
  return new Transform({
    transform(chunk: Uint8Array, _encoding, done) {
      try {
        count(chunk.length);
        done(null, chunk);
      } catch (error) {
        done(error instanceof Error ? error : new Error(String(error)));
      }
    },
  });
}
