import { AppError } from "../../shared/contract/errors.ts";
import { type ApiKey, isKeyActive, keyIdOf, parseKeyFile } from "../../shared/contract/keys.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log } from "../ports.ts";

/** What a {@link KeyRing} needs. */
export interface KeyRingOptions {
  readonly store: Pick<ObjectStore, "get">;
  /** Keys are never older than this, in milliseconds, while the store answers: a revoked key is refused by then. */
  readonly pollMs: number;
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
  /** A store that has not answered by then counts as failed. */
  readonly patienceMs?: number;
}

type KeysById = ReadonlyMap<string, ApiKey>;

const defaultPatienceMs = 2_000;
/** How often a request looks whether the one that reads is done. */
const waitMs = 10;
/** Before a store that failed is asked again: this long after the first time, twice as long after each other. */
const firstRetryMs = 1_000;
const longestRetryMs = 60_000;

/**
 * The API keys of the store, read again by ETag: in the background when they are half as old as they may be, before the
 * answer when they are as old. The old ones serve while the store fails. Requests share no promise, as in `ModelCache`:
 * one holds the lease and reads, the others look at the state on their own timers.
 */
export class KeyRing {
  readonly #options: KeyRingOptions & { readonly patienceMs: number };
  #keys: KeysById | null = null;
  #etag: string | undefined;
  #readAt = -Infinity;
  #retryAt = -Infinity;
  #failures = 0;
  #lease: { readonly takenAt: number } | null = null;

  constructor(options: KeyRingOptions) {
    this.#options = { ...options, patienceMs: options.patienceMs ?? defaultPatienceMs };
  }

  /**
   * The key that a caller presents; its secret is compared in constant time.
   * @param keepAlive the request's `waitUntil`
   * @returns `null` for one that is unknown, revoked or expired
   * @throws {AppError} keys_unavailable when there are no keys, or they were never read
   */
  async identify(
    credential: string | null,
    keepAlive: (work: Promise<unknown>) => void,
  ): Promise<ApiKey | null> {
    await this.#refresh(keepAlive);
    if (this.#keys === null || this.#keys.size === 0) throw this.#unavailable();
    const key = this.#keys.get((credential === null ? null : keyIdOf(credential)) ?? "");
    if (credential === null || key === undefined) return null;
    return (await hasDigest(credential, key.sha256)) && isKeyActive(key, this.#options.clock()) ? key : null;
  }

  async #refresh(keepAlive: (work: Promise<unknown>) => void): Promise<void> {
    const { clock, pollMs, patienceMs, wait } = this.#options;
    const age = clock() - this.#readAt;
    if (age < pollMs / 2 || clock() < this.#retryAt) return;
    if (this.#isLeaseFree()) {
      const look = this.#look();
      // goes on when the client of this request gives up: the next one wants it too
      keepAlive(look);
      if (age >= pollMs) await look;
      return;
    }
    if (age < pollMs) return;
    for (let waitedMs = 0; waitedMs < patienceMs && !this.#isLeaseFree(); waitedMs += waitMs)
      await wait(waitMs);
  }

  #isLeaseFree(): boolean {
    return this.#lease === null || this.#options.clock() - this.#lease.takenAt > 2 * this.#options.patienceMs;
  }

  /** Never rejects: the outcome is in the state and the log. */
  async #look(): Promise<void> {
    const { clock, log } = this.#options;
    const lease = { takenAt: clock() };
    this.#lease = lease;
    try {
      await this.#read(lease.takenAt);
      this.#failures = 0;
    } catch (cause) {
      this.#retryAt = clock() + Math.min(firstRetryMs * 2 ** this.#failures++, longestRetryMs);
      log({ level: "error", event: "keys-not-read", reason: String(cause), failures: this.#failures });
    } finally {
      if (this.#lease === lease) this.#lease = null;
    }
  }

  async #read(startedAt: number): Promise<void> {
    const { store, patienceMs, wait } = this.#options;
    const condition = this.#etag === undefined ? {} : { ifNoneMatch: this.#etag };
    const late = wait(patienceMs).then(() => "late" as const);
    const object = await Promise.race([store.get(objectKeys.apiKeys(), condition), late]);
    if (object === "late") throw new Error(`the store did not answer within ${patienceMs} ms`);
    // a slower look must not bring back what a later one has replaced
    if (startedAt < this.#readAt) return;
    if (object.kind === "missing") {
      this.#keys = new Map();
      this.#etag = undefined;
    } else if (object.kind === "found") {
      const { keys } = parseKeyFile(object.bytes, objectKeys.apiKeys());
      this.#keys = new Map(keys.map((key) => [key.id, key]));
      this.#etag = object.info.etag;
    }
    this.#readAt = startedAt;
  }

  #unavailable(): AppError {
    return new AppError(
      "keys_unavailable",
      this.#keys === null
        ? "the API keys could not be read from the store yet; try again soon"
        : "this Worker has no API keys and serves nobody without; make one with `edgewise keys create` " +
            "and bring auth/keys.json to the Worker's bucket",
    );
  }
}

async function hasDigest(credential: string, sha256: string): Promise<boolean> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(credential));
  return crypto.subtle.timingSafeEqual(
    digest,
    Uint8Array.from(sha256.match(/../g) ?? [], (hex) => Number(`0x${hex}`)),
  );
}
