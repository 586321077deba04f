import type {
  GetOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  StoredObject,
} from "./object-store.ts";

/**
 * A part of a store as a store of its own: the key `a` is the key `<prefix>a` of the other.
 * @param prefix ends with `/`
 */
export function createPrefixedStore(store: ObjectStore, prefix: string): ObjectStore {
  const inside = (info: ObjectInfo): ObjectInfo => ({ ...info, key: info.key.slice(prefix.length) });
  return {
    async get(key: string, options?: GetOptions): Promise<StoredObject> {
      const object = await store.get(prefix + key, options);
      return object.kind === "found" ? { ...object, info: inside(object.info) } : object;
    },
    async head(key: string): Promise<ObjectInfo | null> {
      const info = await store.head(prefix + key);
      return info === null ? null : inside(info);
    },
    async put(key: string, bytes: Uint8Array, options?: PutOptions): Promise<ObjectInfo> {
      return inside(await store.put(prefix + key, bytes, options));
    },
    async list(
      keyPrefix: string,
      options?: { readonly cursor?: string; readonly limit?: number },
    ): Promise<ListPage> {
      const page = await store.list(prefix + keyPrefix, options);
      return { ...page, objects: page.objects.map(inside) };
    },
    delete: (key: string): Promise<void> => store.delete(prefix + key),
  };
}
