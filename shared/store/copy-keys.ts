import { parseKeyFile } from "../contract/keys.ts";
import { objectKeys } from "../contract/object-keys.ts";
import type { ObjectStore } from "./object-store.ts";
import { sha256Hex } from "./sha256.ts";

/**
 * Makes the API keys of one store those of another; where `from` has none, `to` has none afterwards.
 * @returns whether `to` had others
 * @throws {AppError} invalid_keys, `to` unchanged
 */
export async function copyKeys(from: ObjectStore, to: ObjectStore): Promise<boolean> {
  const key = objectKeys.apiKeys();
  const [wanted, known] = await Promise.all([from.get(key), to.get(key)]);
  if (wanted.kind !== "found") {
    if (known.kind === "found") await to.delete(key);
    return known.kind === "found";
  }
  parseKeyFile(wanted.bytes, key);
  if (known.kind === "found" && (await sha256Hex(known.bytes)) === (await sha256Hex(wanted.bytes)))
    return false;
  await to.put(key, wanted.bytes);
  return true;
}
