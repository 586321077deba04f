import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import type { SourceConfig } from "./bridge-config.ts";
import type { BridgePorts, TimedFrame } from "./ports.ts";

type FolderSource = Extract<SourceConfig, { kind: "folder" }>;

interface FoundFile {
  readonly path: string;
  readonly changedAt: number;
  readonly sizeBytes: number;
}

/**
 * The images that appear in a folder, in the order of their time. A file is taken when two looks in a row found it the
 * same: until then it may be on its way. Those that were there at the start are left alone.
 */
export async function* watchFolder(
  source: FolderSource,
  { sleep }: Pick<BridgePorts, "sleep">,
  signal: AbortSignal,
): AsyncGenerator<TimedFrame> {
  const taken = new Map<string, string>();
  let before = new Map<string, string>();
  for (const file of await listImages(source.path)) taken.set(file.path, markOf(file));
  while (!signal.aborted) {
    const files = await listImages(source.path);
    for (const file of files) {
      const mark = markOf(file);
      if (taken.get(file.path) === mark || before.get(file.path) !== mark) continue;
      taken.set(file.path, mark);
      yield { bytes: new Uint8Array(await readFile(file.path)), at: Math.round(file.changedAt) };
      if (source.delete) await rm(file.path, { force: true });
    }
    before = new Map(files.map((file) => [file.path, markOf(file)]));
    for (const path of taken.keys()) if (!before.has(path)) taken.delete(path);
    await sleep(source.everySeconds * 1000, signal);
  }
}

async function listImages(folder: string): Promise<FoundFile[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile() && /\.(?:jpe?g|png|webp)$/i.test(entry.name))
      .map(async (entry): Promise<FoundFile | null> => {
        const path = join(entry.parentPath, entry.name);
        // renamed or deleted meanwhile
        const found = await stat(path).catch(() => null);
        return found === null ? null : { path, changedAt: found.mtimeMs, sizeBytes: found.size };
      }),
  );
  return files
    .filter((file) => file !== null)
    .toSorted((a, b) => a.changedAt - b.changedAt || (a.path < b.path ? -1 : 1));
}

function markOf({ changedAt, sizeBytes }: FoundFile): string {
  return `${changedAt}/${sizeBytes}`;
}
