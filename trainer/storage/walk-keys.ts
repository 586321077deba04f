import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { compareKeys } from "../../shared/store/object-key.ts";
import { isMissing } from "./errno.ts";

/**
 * The keys of the files under `root` that start with `prefix` and come after `after`, in ascending order of UTF-8 bytes.
 * Names that start with a dot, links and special files are no objects; folders out of range are not read.
 */
export function walkKeys(root: string, prefix: string, after: string): AsyncGenerator<string> {
  return walkFolder(root, "", prefix, after);
}

async function* walkFolder(
  root: string,
  folderKey: string,
  prefix: string,
  after: string,
): AsyncGenerator<string> {
  for (const name of await readNames(join(root, folderKey))) {
    const key = folderKey + name;
    if (key.endsWith("/")) {
      const mayHold = key.startsWith(prefix) || prefix.startsWith(key);
      const mayFollow = compareKeys(key, after) > 0 || after.startsWith(key);
      if (mayHold && mayFollow) yield* walkFolder(root, key, prefix, after);
    } else if (key.startsWith(prefix) && compareKeys(key, after) > 0) {
      yield key;
    }
  }
}

/** Names of files, and of folders with a slash: compared like that, they sort as the keys below them do. */
async function readNames(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    return entries
      .filter((entry) => !entry.name.startsWith("."))
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => (entry.isDirectory() ? `${entry.name}/` : entry.name))
      .toSorted(compareKeys);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}
