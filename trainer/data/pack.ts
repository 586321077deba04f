import { open, type FileHandle } from "node:fs/promises";
import { isAppError } from "../../shared/contract/errors.ts";
import type { ArchiveGuard } from "./archive-guard.ts";
import { isJunk } from "./junk.ts";

/** One file or folder of an archive. */
export interface ArchiveEntry {
  /** Relative, checked. */
  readonly path: string;
  readonly kind: "file" | "folder";
  /** The bytes of a file, to be read once. */
  readonly content: AsyncIterable<Uint8Array>;
}

/** What a pack holds: the files one after another. */
export interface PackListing {
  /** Size of the pack file. */
  readonly packBytes: number;
  readonly folders: readonly string[];
  readonly files: readonly { readonly path: string; readonly offset: number; readonly bytes: number }[];
}

const bufferBytes = 4 * 1024 * 1024;

/**
 * Writes the files of an archive one after another into a new file at `packPath`, junk left out.
 * @throws {AppError} invalid_archive
 */
export async function packEntries(
  entries: AsyncIterable<ArchiveEntry>,
  guard: ArchiveGuard,
  packPath: string,
): Promise<PackListing> {
  const folders = new Set<string>();
  const files: { path: string; offset: number; bytes: number }[] = [];
  const handle = await open(packPath, "wx");
  try {
    const writer = createBufferedWriter(handle);
    for await (const { path, kind, content } of entries) {
      const isWanted = path !== "" && !path.split("/").some(isJunk);
      const offset = writer.position();
      // Unwanted content is read all the same: the archive goes on behind it, and bombs count.
      for await (const chunk of guarded(content, path, guard)) {
        if (isWanted && kind === "file") await writer.write(chunk);
      }
      if (!isWanted) continue;
      addFolders(folders, kind === "folder" ? `${path}/` : path);
      if (kind === "file") files.push({ path, offset, bytes: writer.position() - offset });
    }
    await writer.flush();
    await handle.sync();
    const packBytes = writer.position();
    return { packBytes, folders: [...folders].toSorted(), files: files.toSorted(byPath) };
  } finally {
    await handle.close();
  }
}

async function* guarded(
  content: AsyncIterable<Uint8Array>,
  path: string,
  guard: ArchiveGuard,
): AsyncGenerator<Uint8Array> {
  try {
    yield* content;
  } catch (error) {
    throw isAppError(error) ? error : guard.refuse(`has an entry ${path} that does not unpack`, error);
  }
}

/** Adds every folder above a path; those of a path that ends with a slash include itself. */
function addFolders(folders: Set<string>, path: string): void {
  for (let end = path.lastIndexOf("/"); end > 0; end = path.lastIndexOf("/", end - 1)) {
    const folder = path.slice(0, end);
    if (folders.has(folder)) return;
    folders.add(folder);
  }
}

interface BufferedWriter {
  /** Bytes given to `write` so far. */
  position(): number;
  write(chunk: Uint8Array): Promise<void>;
  flush(): Promise<void>;
}

function createBufferedWriter(handle: FileHandle): BufferedWriter {
  let pending: Uint8Array[] = [];
  let pendingBytes = 0;
  let position = 0;
  async function flush(): Promise<void> {
    if (pendingBytes > 0) await handle.writeFile(Buffer.concat(pending, pendingBytes));
    pending = [];
    pendingBytes = 0;
  }
  return {
    position: () => position,
    flush,
    async write(chunk) {
      pending.push(chunk);
      pendingBytes += chunk.length;
      position += chunk.length;
      if (pendingBytes >= bufferBytes) await flush();
    },
  };
}

function byPath(a: { readonly path: string }, b: { readonly path: string }): number {
  return a.path < b.path ? -1 : Number(a.path > b.path);
}
