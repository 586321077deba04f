import { AppError } from "../contract/errors.ts";
import type { PutOptions } from "./object-store.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * Refuses a put whose conditions the stored object does not meet.
 * @param currentEtag of the object under `key` now, `null` when there is none
 * @throws {AppError} precondition_failed
 */
export function checkConditions(key: string, currentEtag: string | null, options: PutOptions): void {
  if (options.ifNoneMatch === "*" && currentEtag !== null) throw preconditionFailed(key, options);
  if (options.ifMatch !== undefined && currentEtag !== options.ifMatch) {
    throw preconditionFailed(key, options);
  }
}

/** The error of a put that lost against what is stored. */
export function preconditionFailed(key: string, options: PutOptions): AppError {
  const what = options.ifMatch === undefined ? "exists already" : "was changed or removed since it was read";
  return new AppError("precondition_failed", `object ${key} ${what}; read it again and decide anew`, {
    details: { key },
  });
}

/**
 * The SHA-256 of `bytes`, after it was compared with the one the caller expects.
 * @param expected hex, or nothing to compare with
 * @throws {AppError} integrity_mismatch
 */
export async function checkedSha256(
  key: string,
  bytes: Uint8Array,
  expected: string | undefined,
): Promise<string> {
  const actual = await sha256Hex(bytes);
  if (expected === undefined || expected.toLowerCase() === actual) return actual;
  throw new AppError(
    "integrity_mismatch",
    `bytes of object ${key} have SHA-256 ${actual}, expected is ${expected}; nothing was written, fetch or build them again`,
    { details: { key, expected, actual } },
  );
}
