import { createHash, randomBytes } from "node:crypto";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import {
  type ApiKey,
  formatApiKey,
  type KeyFile,
  keyFileSchema,
  parseKeyFile,
} from "../../shared/contract/keys.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** What a new key is to be. */
export type NewKey = Pick<ApiKey, "name" | "scopes" | "expiresAt" | "dailyQuota"> & { readonly now: Date };

/** More losing attempts than this in a row mean that something writes the keys without end. */
const mostAttempts = 32;

/**
 * Makes a key of 256 random bits and keeps its digest. The key itself is in the answer only.
 * @throws invalid_argument, invalid_keys; precondition_failed when others wrote at every attempt
 */
export async function createApiKey(
  store: ObjectStore,
  wanted: NewKey,
): Promise<{ readonly key: string; readonly record: ApiKey }> {
  const { now, ...described } = wanted;
  return compareAndSet(store, (file) => {
    const id = unusedId(file);
    const key = formatApiKey(id, randomBytes(32).toString("base64url"));
    const record: ApiKey = {
      id,
      ...described,
      sha256: createHash("sha256").update(key).digest("hex"),
      createdAt: now.toISOString(),
    };
    return { file: { ...file, keys: [...file.keys, record] }, result: { key, record } };
  });
}

/** Every key that was made, the oldest first. @throws invalid_keys */
export async function listApiKeys(store: ObjectStore): Promise<readonly ApiKey[]> {
  return (await readKeys(store)).file.keys;
}

/**
 * Ends the use of a key for good; one that was revoked before stays as it is.
 * @throws not_found; invalid_keys; precondition_failed when others wrote at every attempt
 */
export async function revokeApiKey(store: ObjectStore, id: string, now: Date): Promise<ApiKey> {
  return compareAndSet(store, (file) => {
    const known = file.keys.find((key) => key.id === id);
    if (known === undefined) {
      throw new AppError("not_found", `there is no key ${id}; \`edgewise keys list\` shows the ids`);
    }
    const revoked: ApiKey = { ...known, revokedAt: known.revokedAt ?? now.toISOString() };
    const keys = file.keys.map((key) => (key.id === id ? revoked : key));
    return { file: { ...file, keys }, result: revoked };
  });
}

interface ReadKeys {
  readonly file: KeyFile;
  /** `null` where there are none yet. */
  readonly etag: string | null;
}

async function readKeys(store: ObjectStore): Promise<ReadKeys> {
  const object = await store.get(objectKeys.apiKeys());
  if (object.kind !== "found") return { file: { schemaVersion: 1, keys: [] }, etag: null };
  return { file: parseKeyFile(object.bytes, objectKeys.apiKeys()), etag: object.info.etag };
}

function unusedId({ keys }: KeyFile): string {
  for (;;) {
    const id = randomBytes(4).toString("hex");
    if (keys.every((key) => key.id !== id)) return id;
  }
}

/** Reads, decides and writes until nobody else wrote in between. */
async function compareAndSet<T>(
  store: ObjectStore,
  decide: (file: KeyFile) => { readonly file: KeyFile; readonly result: T },
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    const current = await readKeys(store);
    const { file, result } = decide(current.file);
    const valid = parseWith(keyFileSchema, file, objectKeys.apiKeys());
    const bytes = new TextEncoder().encode(`${JSON.stringify(valid, null, 2)}\n`);
    const condition = current.etag === null ? { ifNoneMatch: "*" as const } : { ifMatch: current.etag };
    try {
      await store.put(objectKeys.apiKeys(), bytes, condition);
      return result;
    } catch (cause) {
      if (!isAppError(cause, "precondition_failed") || attempt === mostAttempts) throw cause;
    }
  }
}
