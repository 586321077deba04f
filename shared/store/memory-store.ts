import { checkKey, checkPageSize, compareKeys } from "./object-key.ts";
import type {
  GetOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  StoredObject,
} from "./object-store.ts";
import { checkConditions, checkedSha256 } from "./put-conditions.ts";

interface Entry {
  readonly info: ObjectInfo;
  readonly bytes: Uint8Array;
}

/** A store that lives in memory and is gone with the process; etags are SHA-256. */
export function createMemoryStore(): ObjectStore {
  return new MemoryStore();
}

class MemoryStore implements ObjectStore {
  readonly #entries = new Map<string, Entry>();

  async get(key: string, options: GetOptions = {}): Promise<StoredObject> {
    checkKey(key);
    const entry = this.#entries.get(key);
    if (entry === undefined) return { kind: "missing" };
    if (entry.info.etag === options.ifNoneMatch) return { kind: "unchanged" };
    const { sizeBytes } = entry.info;
    if (sizeBytes > (options.mostBytes ?? Infinity)) return { kind: "larger", sizeBytes };
    return { kind: "found", info: entry.info, bytes: entry.bytes.slice() };
  }

  async head(key: string): Promise<ObjectInfo | null> {
    checkKey(key);
    return this.#entries.get(key)?.info ?? null;
  }

  async put(key: string, bytes: Uint8Array, options: PutOptions = {}): Promise<ObjectInfo> {
    checkKey(key);
    const copy = bytes.slice();
    const etag = await checkedSha256(key, copy, options.sha256);
    // No await between the check and the write: that makes them one step.
    checkConditions(key, this.#entries.get(key)?.info.etag ?? null, options);
    const info = { key, sizeBytes: copy.length, etag };
    this.#entries.set(key, { info, bytes: copy });
    return info;
  }

  async list(
    prefix: string,
    options: { readonly cursor?: string; readonly limit?: number } = {},
  ): Promise<ListPage> {
    const limit = checkPageSize(options.limit);
    const { cursor } = options;
    const matching = [...this.#entries.values()]
      .map((entry) => entry.info)
      .filter((info) => info.key.startsWith(prefix))
      .filter((info) => cursor === undefined || compareKeys(info.key, cursor) > 0)
      .toSorted((a, b) => compareKeys(a.key, b.key));
    const objects = matching.slice(0, limit);
    const last = objects.at(-1);
    return matching.length > limit && last !== undefined ? { objects, cursor: last.key } : { objects };
  }

  async delete(key: string): Promise<void> {
    checkKey(key);
    this.#entries.delete(key);
  }
}
