import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** A timer of the calling request. */
type Wait = (milliseconds: number) => Promise<unknown>;

/** The part of a bucket that is passed on to clients without being held in memory. */
export type ReadableBucket = Pick<R2Bucket, "head"> & {
  get(key: string, options: R2GetOptions): Promise<R2ObjectBody | null>;
};

/** A store that has not answered by then is taken for gone; a shard of a model takes a second at worst. */
export const storeDeadlineMs = 10_000;

/**
 * A store whose failures have a name and whose silence ends: a call that rejects, or takes longer than the deadline,
 * is `store_unavailable`. Else one that stalls would hold a request, and the turn to load, for as long as it likes.
 */
export function withDeadline(store: ObjectStore, wait: Wait): ObjectStore {
  return {
    get: (key, options) => timed(`reading ${key}`, store.get(key, options), wait),
    head: (key) => timed(`reading ${key}`, store.head(key), wait),
    put: (key, bytes, options) => timed(`writing ${key}`, store.put(key, bytes, options), wait),
    list: (prefix, options) => timed(`listing ${prefix}`, store.list(prefix, options), wait),
    delete: (key) => timed(`removing ${key}`, store.delete(key), wait),
  };
}

/** A bucket whose failures have a name and whose silence ends; see {@link withDeadline}. */
export function withBucketDeadline(bucket: ReadableBucket, wait: Wait): ReadableBucket {
  return {
    head: (key) => timed(`reading ${key}`, bucket.head(key), wait),
    get: (key, options) => timed(`reading ${key}`, bucket.get(key, options), wait),
  };
}

async function timed<T>(what: string, call: Promise<T>, wait: Wait): Promise<T> {
  const late = wait(storeDeadlineMs).then((): never => {
    throw unavailable(what, `did not answer within ${storeDeadlineMs / 1000} s`);
  });
  // whichever comes too late has nobody to tell
  late.catch(() => undefined);
  call.catch(() => undefined);
  try {
    return await Promise.race([call, late]);
  } catch (cause) {
    throw cause instanceof AppError ? cause : unavailable(what, "failed", cause);
  }
}

function unavailable(what: string, fault: string, cause?: unknown): AppError {
  return new AppError(
    "store_unavailable",
    `the object store is not available: ${what} ${fault}; try again soon`,
    cause === undefined ? {} : { cause },
  );
}
