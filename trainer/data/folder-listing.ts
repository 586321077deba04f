import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { AppError } from "../../shared/contract/errors.ts";
import { compareKeys } from "../../shared/store/object-key.ts";
import { errnoOf } from "../storage/errno.ts";
import type { FileTree, TreeFile } from "./file-tree.ts";
import { isJunk } from "./junk.ts";

/**
 * Lists the files below a folder, in ascending order of paths.
 * Links are followed, since the folder is the user's own; a folder met twice is listed once.
 * @throws {AppError} invalid_dataset when a folder cannot be read
 */
export async function listFolder(root: string): Promise<FileTree> {
  const folders: string[] = [];
  const files: TreeFile[] = [];
  const visited = new Set<string>();

  async function visit(folder: string, prefix: string): Promise<void> {
    const real = await realpath(folder);
    if (visited.has(real)) return;
    visited.add(real);
    const entries = (await readEntries(folder)).filter((entry) => !isJunk(entry.name));
    const kinds = await Promise.all(entries.map((entry) => inspect(folder, entry)));
    for (const [i, entry] of entries.entries()) {
      const kind = kinds[i];
      const path = prefix + entry.name;
      if (kind === "folder") {
        folders.push(path);
        await visit(join(folder, entry.name), `${path}/`);
      } else if (typeof kind === "number") {
        files.push({ path, range: { file: join(folder, entry.name), offset: 0, bytes: kind } });
      }
    }
  }

  await visit(resolve(root), "");
  return {
    folders: folders.toSorted(compareKeys),
    files: files.toSorted((a, b) => compareKeys(a.path, b.path)),
  };
}

async function readEntries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (cause) {
    throw new AppError(
      "invalid_dataset",
      `the folder ${folder} cannot be read (${errnoOf(cause) ?? String(cause)}); make it readable or take it out`,
      { cause },
    );
  }
}

/** The size of a file, `folder`, or `other` for sockets, dangling links and the like. */
async function inspect(folder: string, entry: Dirent): Promise<number | "folder" | "other"> {
  if (entry.isDirectory()) return "folder";
  const stats = await stat(join(folder, entry.name)).catch(() => null);
  if (stats === null) return "other";
  if (stats.isDirectory()) return "folder";
  return stats.isFile() ? stats.size : "other";
}
