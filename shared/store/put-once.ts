import { AppError, isAppError } from "../contract/errors.ts";
import type { ObjectStore } from "./object-store.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * Writes an object that never changes; to find the same bytes there already, of an earlier attempt, is as good.
 * @param sha256 hex, of `bytes`
 * @returns `kept` when it was there
 * @throws {AppError} already_exists when other bytes are there, integrity_mismatch when `bytes` have another digest
 */
export async function putOnce(
  store: ObjectStore,
  key: string,
  bytes: Uint8Array,
  sha256: string,
): Promise<"written" | "kept"> {
  try {
    await store.put(key, bytes, { ifNoneMatch: "*", sha256 });
    return "written";
  } catch (cause) {
    if (!isAppError(cause, "precondition_failed")) throw cause;
    const known = await store.get(key);
    if (known.kind === "found" && (await sha256Hex(known.bytes)) === sha256) return "kept";
    throw new AppError(
      "already_exists",
      `object ${key} exists with other bytes, and a published version never changes; remove it or publish a new version`,
      { cause, details: { key } },
    );
  }
}
