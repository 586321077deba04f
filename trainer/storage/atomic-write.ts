import { mkdir, open, readdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isMissing } from "./errno.ts";
import { createToken, hasMakerEnded } from "./process-token.ts";

/**
 * Writes bytes that reach the disk to a new file in `scratch`, for a later {@link moveInto}.
 * @returns path of the file
 */
export async function writeScratchFile(scratch: string, bytes: Uint8Array): Promise<string> {
  const path = join(scratch, await createToken());
  const file = await open(path, "wx");
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
  return path;
}

/** Moves a file to its place in one step, making the folders on the way; readers see the old bytes or the new. */
export async function moveInto(from: string, to: string): Promise<void> {
  for (let attempt = 0; ; attempt += 1) {
    await mkdir(dirname(to), { recursive: true });
    try {
      await rename(from, to);
      break;
    } catch (error) {
      // A delete may have removed the folder it had emptied, between the two calls.
      if (!isMissing(error) || attempt >= 10) throw error;
    }
  }
  await syncFolder(dirname(to));
}

/** Removes what crashed processes left in a scratch folder. @param longestUseMs see {@link hasMakerEnded} */
export async function sweepScratch(scratch: string, longestUseMs?: number): Promise<void> {
  for (const token of await readdir(scratch)) {
    const path = join(scratch, token);
    try {
      const ageMs = Date.now() - (await stat(path)).mtimeMs;
      if (await hasMakerEnded(token, ageMs, longestUseMs)) await rm(path, { recursive: true, force: true });
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
}

/** Makes a rename in `folder` survive a power cut. */
async function syncFolder(folder: string): Promise<void> {
  // Windows has no fsync of folders.
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
