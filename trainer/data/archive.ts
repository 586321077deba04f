import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { sweepScratch } from "../storage/atomic-write.ts";
import { errnoOf } from "../storage/errno.ts";
import { createToken } from "../storage/process-token.ts";
import { createArchiveGuard, defaultArchiveLimits, type ArchiveLimits } from "./archive-guard.ts";
import type { FileTree } from "./file-tree.ts";
import { packEntries } from "./pack.ts";
import { readTarEntries } from "./tar-entries.ts";
import { readZipEntries } from "./zip-entries.ts";

const listingSchema = z.strictObject({
  schemaVersion: z.literal(1),
  packBytes: z.int().check(z.gte(0)),
  folders: z.array(z.string()),
  files: z.array(
    z.strictObject({ path: z.string(), offset: z.int().check(z.gte(0)), bytes: z.int().check(z.gte(0)) }),
  ),
});

/** Unpacking the largest archive over a slow network takes less. */
const longestUnpackMs = 24 * 60 * 60 * 1000;

/** Options of {@link openArchive}. */
export interface ArchiveOptions {
  readonly limits?: ArchiveLimits | undefined;
  /** Called with the bytes of the archive that were read. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/**
 * Opens a `.zip`, `.tar` or `.tar.gz` (told by content, not by name) as a tree of files.
 *
 * What the archive holds is copied once, one file after another, into one pack file in the cache under the archive's
 * SHA-256; the next time it is there. No name in the archive ever becomes a path on disk, and 50,000 small files cost
 * one write, 1 GB of photos no memory.
 * @param cacheRoot folder for packs, made when missing
 * @throws {AppError} invalid_archive when it is damaged, encrypted, too large, or holds links, devices or unsafe paths
 */
export async function openArchive(
  path: string,
  cacheRoot: string,
  options: ArchiveOptions = {},
): Promise<FileTree> {
  const archives = join(cacheRoot, "archives");
  const folder = join(archives, await hashFile(path));
  const known = await readPacked(folder);
  if (known !== null) return known;
  await unpack(path, archives, folder, options);
  const packed = await readPacked(folder);
  if (packed !== null) return packed;
  throw new AppError(
    "internal",
    `pack of ${path} in ${folder} is damaged; remove that folder and start again`,
  );
}

async function unpack(
  path: string,
  archives: string,
  folder: string,
  options: ArchiveOptions,
): Promise<void> {
  const scratch = join(archives, ".scratch");
  await mkdir(scratch, { recursive: true });
  await sweepScratch(scratch, longestUnpackMs);
  const working = join(scratch, await createToken());
  await mkdir(working);
  try {
    const { size } = await stat(path);
    const guard = createArchiveGuard(basename(path), size, options.limits ?? defaultArchiveLimits);
    const onRead = (done: number): void => options.onProgress?.(Math.min(done, size), size);
    const format = await sniffArchive(path);
    const entries =
      format === "zip"
        ? readZipEntries(path, guard, onRead)
        : readTarEntries(path, format === "tar.gz", guard, onRead);
    const listing = await packEntries(entries, guard, join(working, "pack.bin"));
    options.onProgress?.(size, size);
    await writeFile(join(working, "files.json"), JSON.stringify({ schemaVersion: 1, ...listing }));
    // A damaged pack that may be there is in the way of the rename, a whole one is not.
    if ((await readPacked(folder)) === null) await rm(folder, { recursive: true, force: true });
    await rename(working, folder);
  } catch (error) {
    await rm(working, { recursive: true, force: true });
    // Another process has unpacked the same archive meanwhile.
    if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
  }
}

async function readPacked(folder: string): Promise<FileTree | null> {
  const pack = join(folder, "pack.bin");
  const text = await readFile(join(folder, "files.json"), "utf8").catch(() => null);
  const stats = await stat(pack).catch(() => null);
  if (text === null || stats === null) return null;
  const listing = parseJsonWith(listingSchema, text, `list of ${pack}`, "internal");
  if (listing.packBytes !== stats.size) return null;
  return {
    folders: listing.folders,
    files: listing.files.map(({ path, offset, bytes }) => ({ path, range: { file: pack, offset, bytes } })),
  };
}

async function sniffArchive(path: string): Promise<"zip" | "tar" | "tar.gz"> {
  const head = Buffer.alloc(512);
  const file = await open(path, "r");
  try {
    await file.read(head, 0, head.length, 0);
  } finally {
    await file.close();
  }
  if (head[0] === 0x50 && head[1] === 0x4b) return "zip";
  if (head[0] === 0x1f && head[1] === 0x8b) return "tar.gz";
  if (head.toString("latin1", 257, 262) === "ustar") return "tar";
  throw new AppError(
    "invalid_archive",
    `${path} is no archive edgewise reads; give a folder, a .zip, a .tar or a .tar.gz`,
  );
}

async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 })) {
    hash.update(chunk as Uint8Array); // a stream without encoding gives bytes
  }
  return hash.digest("hex");
}
