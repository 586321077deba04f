import { type AliasRecord, aliasRecordSchema } from "../../shared/contract/alias.ts";
import { AppError, type ErrorCode } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log, LogEntry } from "../ports.ts";
import type { LoadedModel, ModelLoader } from "./load-model.ts";

/** The model that serves, with when it was loaded (ISO 8601). */
export interface ServedModel extends LoadedModel {
  readonly loadedAt: string;
}

/** A version that was not taken, and why. */
export interface Refusal {
  readonly version: string;
  readonly code: ErrorCode;
  readonly detail: string;
  /** ISO 8601. */
  readonly at: string;
}

/** What a {@link ModelCache} needs. */
export interface ModelCacheOptions {
  readonly store: ObjectStore;
  readonly model: string;
  readonly alias: string;
  /** Least milliseconds between two looks at the alias. */
  readonly pollMs: number;
  readonly load: ModelLoader;
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
}

/** A request that loads may die with its connection; another takes over after this long. */
const leaseMs = 20_000;
/** How often a request looks whether the one that loads is done. */
const waitMs = 10;
/** Before a refused version is tried again: this long after the first time, twice as long after each other. */
const firstRetryMs = 5_000;
const longestRetryMs = 300_000;

/**
 * The isolate's one model: follows an alias, swaps when the new version passed every check, else keeps the old one.
 * A Worker must not await what another request's I/O resolves, so requests share no promise: one holds the lease
 * and loads, the others serve the old model, or look at the state on their own timers while there is none.
 */
export class ModelCache {
  readonly #options: ModelCacheOptions;
  #served: { readonly model: ServedModel; readonly record: AliasRecord } | null = null;
  #record: { readonly record: AliasRecord; readonly etag: string } | null = null;
  #refusal:
    | (Refusal & { readonly manifestSha256: string; readonly tries: number; readonly retryAt: number })
    | null = null;
  #lease: { readonly takenAt: number } | null = null;
  #nextLookAt = 0;
  #failure: AppError | null = null;

  constructor(options: ModelCacheOptions) {
    this.#options = options;
  }

  /** Whether a request can be answered without loading first. */
  get isLoaded(): boolean {
    return this.#served !== null;
  }

  /** The version the alias points at, when it was refused; at most one. */
  get refused(): readonly Refusal[] {
    if (this.#refusal === null) return [];
    const { version, code, detail, at } = this.#refusal;
    return [{ version, code, detail, at }];
  }

  /**
   * Runs `run` with the served model, loading it first where there is none. `run` must be done when it returns:
   * the model may be replaced and freed at the next `await`.
   * @param keepAlive the request's `waitUntil`; the alias is looked at in the background
   * @throws {AppError} model_unavailable when there is no model that passed
   */
  async use<T>(keepAlive: (work: Promise<unknown>) => void, run: (served: ServedModel) => T): Promise<T> {
    if (this.#served === null) await this.#loadFirst(keepAlive);
    else if (this.#isDue() && this.#isLeaseFree()) keepAlive(this.#look());
    if (this.#served === null) throw this.#unavailable();
    return run(this.#served.model);
  }

  #isDue(): boolean {
    return this.#options.clock() >= this.#nextLookAt;
  }

  #isLeaseFree(): boolean {
    return this.#lease === null || this.#options.clock() - this.#lease.takenAt > leaseMs;
  }

  async #loadFirst(keepAlive: (work: Promise<unknown>) => void): Promise<void> {
    while (this.#served === null) {
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
    const { model, alias } = this.#options;
    const refusal = this.#refusal;
    const reason =
      refusal === null
        ? (this.#failure?.message ?? "it was not found")
        : `${refusal.version} was refused: ${refusal.detail}`;
    const message = `no version of ${model} can serve as ${alias}: ${reason}`;
    return new AppError("model_unavailable", message, this.#failure === null ? {} : { cause: this.#failure });
  }

  /** Looks at the alias once and takes what it points at. Never rejects: the outcome is in the state and the log. */
  async #look(): Promise<void> {
    const lease = { takenAt: this.#options.clock() };
    this.#lease = lease;
    try {
      const record = await this.#readAlias();
      this.#failure = null;
      if (record !== null) await this.#follow(record, lease);
    } catch (cause) {
      this.#failure =
        cause instanceof AppError ? cause : new AppError("internal", "the store did not answer", { cause });
      this.#log("warn", "alias-not-read", { reason: String(cause) });
    } finally {
      if (this.#lease === lease) this.#lease = null;
      this.#nextLookAt = this.#options.clock() + this.#options.pollMs;
    }
  }

  async #readAlias(): Promise<AliasRecord | null> {
    const { store, model, alias } = this.#options;
    const known = this.#record;
    const object = await store.get(
      objectKeys.alias(model, alias),
      known === null ? {} : { ifNoneMatch: known.etag },
    );
    if (object.kind === "unchanged") return known?.record ?? null;
    if (object.kind === "missing") {
      this.#record = null;
      throw new AppError("not_found", `there is no alias ${alias}; train and promote a version`);
    }
    const text = new TextDecoder().decode(object.bytes);
    const record = parseJsonWith(aliasRecordSchema, text, `alias ${alias} of ${model}`, "invalid_manifest");
    this.#record = { record, etag: object.info.etag };
    return record;
  }

  async #follow(record: AliasRecord, lease: object): Promise<void> {
    if (this.#served !== null && isSame(this.#served.record, record)) {
      this.#refusal = null;
      return;
    }
    const refusal = this.#refusal !== null && isSame(this.#refusal, record) ? this.#refusal : null;
    if (refusal !== null && this.#options.clock() < refusal.retryAt) return;
    try {
      const inUseBytes = this.#served?.model.classifier.memory.residentBytes ?? 0;
      this.#swap(record, await this.#options.load(record, inUseBytes), lease);
    } catch (error) {
      this.#refuse(record, error, refusal?.tries ?? 0);
    }
  }

  #swap(record: AliasRecord, loaded: LoadedModel, lease: object): void {
    if (this.#lease !== lease) {
      // took so long that another request loads by now, perhaps a newer version
      loaded.classifier.dispose();
      return;
    }
    const old = this.#served;
    this.#served = { record, model: { ...loaded, loadedAt: this.#now() } };
    this.#refusal = null;
    // nobody is inside the old model: requests use it between two awaits
    old?.model.classifier.dispose();
    this.#log("info", "model-loaded", { version: record.version, replaced: old?.record.version ?? null });
  }

  #refuse(record: AliasRecord, error: unknown, earlierTries: number): void {
    const { version, manifestSha256 } = record;
    const code = error instanceof AppError ? error.code : "internal";
    const detail = error instanceof AppError ? error.message : "loading failed; see the log";
    const retryAt = this.#options.clock() + Math.min(firstRetryMs * 2 ** earlierTries, longestRetryMs);
    const refusal = {
      version,
      manifestSha256,
      code,
      detail,
      at: this.#now(),
      tries: earlierTries + 1,
      retryAt,
    };
    this.#refusal = refusal;
    this.#log("error", "model-refused", { version, code, reason: String(error), tries: refusal.tries });
  }

  #now(): string {
    return new Date(this.#options.clock()).toISOString();
  }

  #log(level: LogEntry["level"], event: string, facts: Record<string, unknown>): void {
    const { model, alias, log } = this.#options;
    log({ level, event, model, alias, ...facts });
  }
}

interface VersionKey {
  readonly version: string;
  readonly manifestSha256: string;
}

function isSame(a: VersionKey, b: VersionKey): boolean {
  return a.version === b.version && a.manifestSha256 === b.manifestSha256;
}
