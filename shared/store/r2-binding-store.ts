import { checkKey, checkPageSize } from "./object-key.ts";
import type {
  GetOptions,
  ListPage,
  ObjectInfo,
  ObjectStore,
  PutOptions,
  StoredObject,
} from "./object-store.ts";
import { checkedSha256, preconditionFailed } from "./put-conditions.ts";

/** What R2 tells of an object; `arrayBuffer` and `body` are there only when the answer carries the bytes. */
interface R2ObjectLike {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  arrayBuffer?(): Promise<ArrayBuffer>;
  readonly body?: { cancel(): Promise<void> };
}

interface R2ConditionLike {
  etagMatches?: string;
  etagDoesNotMatch?: string;
}

/** The part of a Workers R2 binding that the store uses: an `R2Bucket` of the Worker's `env` or of Miniflare. */
export interface R2BucketLike {
  head(key: string): Promise<R2ObjectLike | null>;
  get(key: string, options: { onlyIf: R2ConditionLike }): Promise<R2ObjectLike | null>;
  put(
    key: string,
    value: Uint8Array,
    options: { onlyIf: R2ConditionLike; sha256: string },
  ): Promise<R2ObjectLike | null>;
  list(options: { prefix: string; limit: number; cursor?: string }): Promise<{
    readonly objects: readonly R2ObjectLike[];
    readonly truncated: boolean;
    readonly cursor?: string;
  }>;
  delete(key: string): Promise<void>;
}

/** A store over an R2 bucket bound to a Worker. */
export function createR2Store(bucket: R2BucketLike): ObjectStore {
  return {
    get: (key, options) => getObject(bucket, key, options ?? {}),
    async head(key) {
      checkKey(key);
      const object = await bucket.head(key);
      return object === null ? null : infoOf(object);
    },
    put: (key, bytes, options) => putObject(bucket, key, bytes, options ?? {}),
    list: (prefix, options) => listObjects(bucket, prefix, options ?? {}),
    async delete(key) {
      checkKey(key);
      await bucket.delete(key);
    },
  };
}

async function getObject(
  bucket: R2BucketLike,
  key: string,
  { ifNoneMatch, mostBytes = Infinity }: GetOptions,
): Promise<StoredObject> {
  checkKey(key);
  const onlyIf = ifNoneMatch === undefined ? {} : { etagDoesNotMatch: ifNoneMatch };
  const object = await bucket.get(key, { onlyIf });
  if (object === null) return { kind: "missing" };
  // A get whose condition fails answers the object without a body.
  if (typeof object.arrayBuffer !== "function") return { kind: "unchanged" };
  if (object.size > mostBytes) {
    // nobody reads it: that it fails is no news
    object.body?.cancel().catch(() => undefined);
    return { kind: "larger", sizeBytes: object.size };
  }
  return { kind: "found", info: infoOf(object), bytes: new Uint8Array(await object.arrayBuffer()) };
}

async function putObject(
  bucket: R2BucketLike,
  key: string,
  bytes: Uint8Array,
  options: PutOptions,
): Promise<ObjectInfo> {
  checkKey(key);
  const sha256 = await checkedSha256(key, bytes, options.sha256);
  const onlyIf: R2ConditionLike = {};
  if (options.ifMatch !== undefined) onlyIf.etagMatches = options.ifMatch;
  if (options.ifNoneMatch !== undefined) onlyIf.etagDoesNotMatch = options.ifNoneMatch;
  const object = await bucket.put(key, bytes, { onlyIf, sha256 });
  // A put whose condition fails answers null and writes nothing.
  if (object === null) throw preconditionFailed(key, options);
  return infoOf(object);
}

async function listObjects(
  bucket: R2BucketLike,
  prefix: string,
  options: { readonly cursor?: string; readonly limit?: number },
): Promise<ListPage> {
  const limit = checkPageSize(options.limit);
  const page = await bucket.list({
    prefix,
    limit,
    ...(options.cursor === undefined ? {} : { cursor: options.cursor }),
  });
  const objects = page.objects.map(infoOf);
  return page.truncated && page.cursor !== undefined ? { objects, cursor: page.cursor } : { objects };
}

function infoOf(object: R2ObjectLike): ObjectInfo {
  return { key: object.key, sizeBytes: object.size, etag: object.etag };
}
