import { setTimeout as delay } from "node:timers/promises";
import { copyModels } from "../../shared/store/copy-models.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** How a store is followed. */
export interface FollowOptions {
  /** Milliseconds between looks. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Told of a look that failed; following goes on. */
  readonly onError: (error: unknown) => void;
}

/** Copies what is newly published in `from` to `to`, again and again until the signal aborts. */
export async function followStore(from: ObjectStore, to: ObjectStore, options: FollowOptions): Promise<void> {
  const { intervalMs, signal, onError } = options;
  while (!signal.aborted) {
    try {
      await delay(intervalMs, undefined, { signal });
      await copyModels(from, to);
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
}
