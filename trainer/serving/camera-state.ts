import { randomBytes } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { errnoOf } from "../storage/errno.ts";

/** What a local Worker remembers of its cameras between two runs. */
export interface CameraState {
  /** Folder for workerd. */
  readonly folder: string;
  /** Secret that seals webhook secrets and signs links: base64 of 32 bytes. */
  readonly key: string;
}

const keyFile = "camera-key";
/** Of the bucket, which is rebuilt from the store at every start. */
const bucketFolder = "r2";

/** Opens the folder, with a key of its own that only its owner can read. */
export async function openCameraState(folder: string): Promise<CameraState> {
  const root = resolve(folder);
  await mkdir(root, { recursive: true });
  await rm(join(root, bucketFolder), { recursive: true, force: true });
  return { folder: root, key: await readOrMakeKey(join(root, keyFile)) };
}

async function readOrMakeKey(path: string): Promise<string> {
  try {
    await writeFile(path, randomBytes(32).toString("base64"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (errnoOf(error) !== "EEXIST") throw error;
  }
  return (await readFile(path, "utf8")).trim();
}
