import { stat } from "node:fs/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { openArchive } from "./archive.ts";
import type { FileTree } from "./file-tree.ts";
import { listFolder } from "./folder-listing.ts";

/**
 * Lists a folder or opens an archive, `.zip`, `.tar` or `.tar.gz`.
 * @param cacheRoot folder that keeps what was unpacked, for the next time
 * @param onProgress called with the bytes of the archive that were read
 * @throws {AppError} not_found, invalid_archive
 */
export async function openFileTree(
  path: string,
  cacheRoot: string,
  onProgress?: (done: number, total: number) => void,
): Promise<FileTree> {
  const stats = await stat(path).catch((cause: unknown) => {
    throw new AppError(
      "not_found",
      `there is nothing at ${path}; give a folder of class folders, or a .zip or .tar.gz of one`,
      { cause },
    );
  });
  return stats.isDirectory() ? listFolder(path) : openArchive(path, cacheRoot, { onProgress });
}
