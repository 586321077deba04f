import type { ObjectInfo, ObjectStore } from "./object-store.ts";

/** Every object whose key starts with `prefix`, page after page, in ascending order of keys. */
export async function* listAll(store: ObjectStore, prefix: string): AsyncGenerator<ObjectInfo> {
  let cursor: string | undefined;
  do {
    const page = await store.list(prefix, cursor === undefined ? {} : { cursor });
    yield* page.objects;
    cursor = page.cursor;
  } while (cursor !== undefined);
}
