import type { ObjectStore } from "../../../shared/store/object-store.ts";

/** A store that calls `around` for each operation, with its number from 1 and the operation itself. */
export function countedStore(
  store: ObjectStore,
  around: <T>(number: number, operation: () => Promise<T>) => Promise<T>,
): ObjectStore {
  let calls = 0;
  const counted = <T>(operation: () => Promise<T>): Promise<T> => around(++calls, operation);
  return {
    get: (key, options) => counted(() => store.get(key, options)),
    head: (key) => counted(() => store.head(key)),
    put: (key, bytes, options) => counted(() => store.put(key, bytes, options)),
    list: (prefix, options) => counted(() => store.list(prefix, options)),
    delete: (key) => counted(() => store.delete(key)),
  };
}
