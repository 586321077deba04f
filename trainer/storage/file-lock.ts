import { mkdir, readdir, rename, rm, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { errnoOf, isMissing } from "./errno.ts";
import { createToken, hasMakerEnded } from "./process-token.ts";

/** How long to wait for a lock whose holder lives. */
const patienceMs = 30_000;

/**
 * Runs `action` while no other process runs one under the same lock.
 *
 * A lock is a folder that holds one file, named by its holder's token. To take it, the folder is made ready elsewhere and
 * renamed into place, which rename(2) refuses while the folder there is not empty. To break the lock of a crashed
 * process, the file of its token is removed; as no two tokens are alike, that never removes a later holder's.
 * @param lock path of the lock; its parent folder exists
 * @param scratch a folder on the same file system
 * @throws {AppError} internal when a living process keeps the lock for 30 s
 */
export async function withFileLock<T>(lock: string, scratch: string, action: () => Promise<T>): Promise<T> {
  const token = await createToken();
  await acquire(lock, scratch, token);
  try {
    return await action();
  } finally {
    await unlink(join(lock, token));
    await removeIfEmpty(lock);
  }
}

async function acquire(lock: string, scratch: string, token: string): Promise<void> {
  const prepared = join(scratch, token);
  await mkdir(prepared);
  await writeFile(join(prepared, token), "");
  const start = performance.now();
  for (let attempt = 0; ; attempt += 1) {
    if (await tryRename(prepared, lock)) return;
    await breakIfAbandoned(lock);
    if (performance.now() - start > patienceMs) {
      await rm(prepared, { recursive: true, force: true });
      throw new AppError(
        "internal",
        `lock ${lock} is held by a running process for more than ${patienceMs / 1000} s; stop that process or remove the folder`,
      );
    }
    await sleep(Math.random() * Math.min(20, 2 + attempt));
  }
}

async function tryRename(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    const code = errnoOf(error);
    // Windows refuses to rename over any folder, with EPERM or EACCES.
    const isHeld = code === "ENOTEMPTY" || code === "EEXIST";
    if (isHeld || (process.platform === "win32" && (code === "EPERM" || code === "EACCES"))) return false;
    throw error;
  }
}

async function breakIfAbandoned(lock: string): Promise<void> {
  try {
    for (const token of await readdir(lock)) {
      const holder = join(lock, token);
      const ageMs = Date.now() - (await stat(holder)).mtimeMs;
      if (await hasMakerEnded(token, ageMs)) await unlink(holder);
    }
    await removeIfEmpty(lock);
  } catch (error) {
    // Released, or broken by another, in the meantime.
    if (!isMissing(error)) throw error;
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = errnoOf(error);
    if (code !== "ENOTEMPTY" && code !== "EEXIST" && code !== "ENOENT") throw error;
  }
}
