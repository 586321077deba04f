import { Readable } from "node:stream";
import { openPromise, type Entry, type ZipFile } from "yauzl";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ArchiveGuard } from "./archive-guard.ts";
import type { ArchiveEntry } from "./pack.ts";

/** Bits of a Unix mode that tell files, folders, links and devices apart; see stat(2). */
const fileTypeBits = 0o170000;
const allowedFileTypes = new Set([0, 0o100000, 0o040000]);

/**
 * The files and folders of a zip archive, in the order of its directory; each has to be read before the next.
 * @param onRead called with the compressed bytes of the entries so far
 * @throws {AppError} invalid_archive
 */
export async function* readZipEntries(
  path: string,
  guard: ArchiveGuard,
  onRead: (bytes: number) => void,
): AsyncGenerator<ArchiveEntry> {
  let bytesRead = 0;
  let zip: ZipFile | null = null;
  try {
    zip = await openPromise(path, { autoClose: false });
    for await (const entry of zip.eachEntry()) {
      yield await toArchiveEntry(zip, entry, guard);
      bytesRead += entry.compressedSize;
      onRead(bytesRead);
    }
  } catch (error) {
    throw isAppError(error) ? error : guard.refuse(`is damaged or unsafe (${messageOf(error)})`, error);
  } finally {
    zip?.close();
  }
}

async function toArchiveEntry(zip: ZipFile, entry: Entry, guard: ArchiveGuard): Promise<ArchiveEntry> {
  const path = guard.checkPath(entry.fileName);
  guard.countEntry(path, entry.uncompressedSize);
  if (entry.isEncrypted()) throw guard.refuse(`has an encrypted entry ${path}`);
  if (!entry.canDecodeFileData()) {
    throw guard.refuse(
      `has an entry ${path} compressed by method ${entry.compressionMethod}, allowed is deflate`,
    );
  }
  // Only archives made on Unix keep a mode in the upper half; others leave zeros there.
  const fileType = (entry.externalFileAttributes >>> 16) & fileTypeBits;
  if (!allowedFileTypes.has(fileType)) {
    throw guard.refuse(`has an entry ${path} that is a link or a device, allowed are files and folders`);
  }
  if (entry.fileName.endsWith("/")) return { path, kind: "folder", content: Readable.from([]) };
  const content = await zip.openReadStreamPromise(entry);
  return { path, kind: "file", content: counted(content, guard) };
}

async function* counted(content: AsyncIterable<Uint8Array>, guard: ArchiveGuard): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    guard.countBytes(chunk.length);
    yield chunk;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
