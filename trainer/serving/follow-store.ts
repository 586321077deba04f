import { setTimeout as delay } from "node:timers/promises";

/** How a store is followed. */
export interface FollowOptions {
  /** Milliseconds between looks. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  /** Told of a look that failed; following goes on. */
  readonly onError: (error: unknown) => void;
}

/** Copies what is newly published, again and again until the signal aborts. */
export async function followStore(copy: () => Promise<void>, options: FollowOptions): Promise<void> {
  const { intervalMs, signal, onError } = options;
  while (!signal.aborted) {
    try {
      await delay(intervalMs, undefined, { signal });
      await copy();
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  }
}
