import { sha256Hex } from "../../shared/store/sha256.ts";
import type { FileBytes } from "./model-files.ts";

/**
 * Name of a version: when its run began and what it holds, so a retried publish is the same version and another
 * model never is.
 * @param startedAt begin of the run
 * @param files `model.json` and the weight shards, in this order
 * @returns like `20260131T235959Z-0a1b2c3d`
 */
export async function versionName(startedAt: Date, files: readonly FileBytes[]): Promise<string> {
  const whole = new Uint8Array(files.reduce((sum, file) => sum + file.bytes.length, 0));
  let offset = 0;
  for (const file of files) {
    whole.set(file.bytes, offset);
    offset += file.bytes.length;
  }
  const digest = await sha256Hex(whole);
  return `${compactTimestamp(startedAt)}-${digest.slice(0, 8)}`;
}

/** UTC to the second without punctuation, like `20260131T235959Z`; sorts as time does. */
export function compactTimestamp(time: Date): string {
  return time.toISOString().replace(/\.\d+/, "").replaceAll(/[-:]/g, "");
}
