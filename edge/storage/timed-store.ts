import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** A store that has not answered by then is taken for gone; a shard of a model takes a second at worst. */
export const storeDeadlineMs = 10_000;

/**
 * A store whose failures have a name and whose silence ends: a call that rejects, or takes longer than the deadline,
 * is `store_unavailable`. Else one that stalls would hold a request, and the turn to load, for as long as it likes.
 * @param wait a timer of the calling request
 */
export function withDeadline(
  store: ObjectStore,
  wait: (milliseconds: number) => Promise<unknown>,
): ObjectStore {
  const timed = async <T>(what: string, call: Promise<T>): Promise<T> => {
    const late = wait(storeDeadlineMs).then((): never => {
      throw storeUnavailable(what, `did not answer within ${storeDeadlineMs / 1000} s`);
    });
    try {
      return await Promise.race([call, late]);
    } catch (cause) {
      if (cause instanceof AppError) throw cause;
      throw storeUnavailable(what, "failed", cause);
    } finally {
      // whichever comes too late has nobody to tell
      late.catch(() => undefined);
      call.catch(() => undefined);
    }
  };
  return {
    get: (key, options) => timed(`reading ${key}`, store.get(key, options)),
    head: (key) => timed(`reading ${key}`, store.head(key)),
    put: (key, bytes, options) => timed(`writing ${key}`, store.put(key, bytes, options)),
    list: (prefix, options) => timed(`listing ${prefix}`, store.list(prefix, options)),
    delete: (key) => timed(`removing ${key}`, store.delete(key)),
  };
}

/** The error of a store that does not do what it is for. */
export function storeUnavailable(what: string, fault: string, cause?: unknown): AppError {
  return new AppError(
    "store_unavailable",
    `the object store is not available: ${what} ${fault}; try again soon`,
    cause === undefined ? {} : { cause },
  );
}
