import type { AliasRecord } from "../../shared/contract/alias.ts";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import type { Refusal } from "../../shared/contract/service.ts";
import type { GraphMemory } from "../../shared/inference/graph-check.ts";
import type { Clock, Log, LogEntry } from "../ports.ts";
import type { LoadedModel } from "./load-model.ts";
import {
  describeReference,
  type Locate,
  type LocatedVersion,
  type ModelReference,
} from "./model-reference.ts";

/** The model that serves, with when it was loaded (ISO 8601). */
export interface ServedModel extends LoadedModel {
  readonly loadedAt: string;
}

/** What a {@link ModelCache} needs. */
export interface ModelCacheOptions {
  readonly reference: ModelReference;
  /** Finds the version that the reference means now. */
  readonly locate: Locate;
  /** Least milliseconds between two looks. */
  readonly pollMs: number;
  /** Loads a version beside the one that serves. */
  readonly load: (located: LocatedVersion) => Promise<LoadedModel>;
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
}

/** A request that loads may die with its connection; another takes over after this long. */
export const leaseMs = 20_000;
/** How often a request looks whether the one that loads is done. */
export const waitMs = 10;
/** Before a refused version is tried again: this long after the first time, twice as long after each other. */
const firstRetryMs = 5_000;
const longestRetryMs = 300_000;
/** Looks come at most this far apart while the store does not answer. */
const longestOutageMs = 30_000;

/**
 * The model of one reference: follows an alias or keeps a version, swaps when the new version passed every check, else keeps the old one.
 * A Worker must not await what another request's I/O resolves, so requests share no promise: one holds the lease
 * and loads, the others serve the old model, or look at the state on their own timers while there is none.
 */
export class ModelCache {
  readonly #options: ModelCacheOptions;
  #served: { readonly model: ServedModel; readonly located: LocatedVersion } | null = null;
  #located: LocatedVersion | null = null;
  #refusal: (Refusal & LocatedVersion & { readonly tries: number; readonly retryAt: number }) | null = null;
  #lease: { readonly takenAt: number } | null = null;
  #nextLookAt = 0;
  /** Looks in a row that the store did not answer. */
  #outages = 0;
  #failure: AppError | null = null;
  #isClosed = false;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** Whether a request can be answered without loading first. */
  get isLoaded(): boolean {
    return this.#served !== null;
  }

  /** Whether a request is loading a version now. */
  get isLoading(): boolean {
    return !this.#isLeaseFree();
  }

  /** Estimated bytes of WASM memory of the served model, `null` where none is loaded. */
  get memory(): GraphMemory | null {
    return this.#served?.model.classifier.memory ?? null;
  }

  /** The version that is served, `null` where none is. */
  get version(): string | null {
    return this.#served?.located.version ?? null;
  }

  /** SHA-256 of the served version's manifest, `null` where none is. */
  get manifestSha256(): string | null {
    return this.#served?.model.manifestSha256 ?? null;
  }

  /** The alias's record as it was last read, `null` where the reference is a version or nothing was found. */
  get record(): AliasRecord | null {
    return this.#located?.alias?.record ?? null;
  }

  /** The version the reference means, when it was refused; at most one. */
  get refused(): readonly Refusal[] {
    if (this.#refusal === null) return [];
    const { version, code, detail, at } = this.#refusal;
    return [{ version, code, detail, at }];
  }

  /**
   * Runs `run` with the served model, loading it first where there is none. `run` must be done when it returns:
   * the model may be replaced and freed at the next `await`.
   * @param keepAlive the request's `waitUntil`; the alias is looked at in the background
   * @throws {AppError} model_unavailable when there is no model that passed, with a cause of code not_found when
   * the reference means no version
   */
  async use<T>(keepAlive: (work: Promise<unknown>) => void, run: (served: ServedModel) => T): Promise<T> {
    if (this.#served === null) await this.#loadFirst(keepAlive);
    else if (this.#isDue() && this.#isLeaseFree()) keepAlive(this.#look());
    if (this.#served === null) throw this.#unavailable();
    return run(this.#served.model);
  }

  /** Loads the model in the background where there is none, when a try is due. */
  preload(keepAlive: (work: Promise<unknown>) => void): void {
    if (this.#served === null && !this.#isClosed && this.#isDue() && this.#isLeaseFree()) {
      keepAlive(this.#look());
    }
  }

  /** Makes the next request look at the alias. */
  lookSoon(): void {
    this.#nextLookAt = 0;
  }

  /** Gives the model to another cache and is closed; `null` where none is loaded. */
  release(): LoadedModel | null {
    const model = this.#served?.model ?? null;
    this.#served = null;
    this.close();
    return model;
  }

  /** Frees the model for good; a load that is under way is dropped when it ends. */
  close(): void {
    this.#isClosed = true;
    this.#lease = null;
    this.#served?.model.classifier.dispose();
    this.#served = null;
  }

  #isDue(): boolean {
    return this.#options.clock() >= this.#nextLookAt;
  }

  #isLeaseFree(): boolean {
    return this.#lease === null || this.#options.clock() - this.#lease.takenAt > leaseMs;
  }

  async #loadFirst(keepAlive: (work: Promise<unknown>) => void): Promise<void> {
    while (this.#served === null && !this.#isClosed) {
      if (this.#isLeaseFree()) {
        if (!this.#isDue()) return;
        const look = this.#look();
        // goes on when the client of this request gives up: the next one wants it too
        keepAlive(look);
        await look;
        return;
      }
      await this.#options.wait(waitMs);
    }
  }

  #unavailable(): AppError {
    const reference = describeReference(this.#options.reference);
    const refusal = this.#refusal;
    const reason =
      refusal === null
        ? (this.#failure?.message ?? "it made room for another model; ask again")
        : `${refusal.version} was refused: ${refusal.detail}`;
    const message = `no version can serve as ${reference}: ${reason}`;
    const retryAfterMs = Math.max(0, this.#nextLookAt - this.#options.clock());
    return new AppError("model_unavailable", message, {
      details: { retryAfterMs },
      ...(this.#failure === null ? {} : { cause: this.#failure }),
    });
  }

  /** Looks once what the reference means and takes it. Never rejects: the outcome is in the state and the log. */
  async #look(): Promise<void> {
    const lease = { takenAt: this.#options.clock() };
    this.#lease = lease;
    try {
      this.#located = await this.#options.locate(this.#located);
      this.#failure = null;
      this.#outages = 0;
      await this.#follow(this.#located, lease);
    } catch (cause) {
      if (isAppError(cause, "not_found")) this.#located = null;
      this.#outages = isAppError(cause, "store_unavailable") ? this.#outages + 1 : 0;
      this.#failure =
        cause instanceof AppError ? cause : new AppError("internal", "the alias was not read", { cause });
      this.#log("warn", "alias-not-read", { reason: String(cause) });
    } finally {
      if (this.#lease === lease) this.#lease = null;
      this.#nextLookAt = this.#options.clock() + this.#untilNextLookMs();
    }
  }

  #untilNextLookMs(): number {
    const { pollMs } = this.#options;
    if (this.#outages === 0) return pollMs;
    return Math.min(pollMs * 2 ** (this.#outages - 1), Math.max(pollMs, longestOutageMs));
  }

  async #follow(located: LocatedVersion, lease: object): Promise<void> {
    if (this.#served !== null && isSame(this.#served.located, located)) {
      this.#refusal = null;
      return;
    }
    const refusal = this.#refusal !== null && isSame(this.#refusal, located) ? this.#refusal : null;
    if (refusal !== null && this.#options.clock() < refusal.retryAt) return;
    try {
      this.#swap(located, await this.#options.load(located), lease);
    } catch (error) {
      this.#refuse(located, error, refusal?.tries ?? 0);
    }
  }

  #swap(located: LocatedVersion, loaded: LoadedModel, lease: object): void {
    if (this.#lease !== lease) {
      // took so long that another request loads by now, perhaps a newer version; or nobody wants it any more
      loaded.classifier.dispose();
      return;
    }
    const old = this.#served;
    this.#served = { located, model: { ...loaded, loadedAt: this.#now() } };
    this.#refusal = null;
    // nobody is inside the old model: requests use it between two awaits
    old?.model.classifier.dispose();
    this.#log("info", "model-loaded", { version: located.version, replaced: old?.located.version ?? null });
  }

  #refuse(located: LocatedVersion, error: unknown, earlierTries: number): void {
    const { version } = located;
    const code = error instanceof AppError ? error.code : "internal";
    const detail = error instanceof AppError ? error.message : "loading failed; see the log";
    const retryAt = this.#options.clock() + Math.min(firstRetryMs * 2 ** earlierTries, longestRetryMs);
    const tries = earlierTries + 1;
    this.#refusal = { ...located, code, detail, at: this.#now(), tries, retryAt };
    this.#log("error", "model-refused", { version, code, reason: String(error), tries });
  }

  #now(): string {
    return new Date(this.#options.clock()).toISOString();
  }

  #log(level: LogEntry["level"], event: string, facts: Record<string, unknown>): void {
    const { reference, log } = this.#options;
    const { kind: _, ...named } = reference;
    log({ level, event, ...named, ...facts });
  }
}

function isSame(a: LocatedVersion, b: LocatedVersion): boolean {
  return a.version === b.version && a.manifestSha256 === b.manifestSha256;
}
