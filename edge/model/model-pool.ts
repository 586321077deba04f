import { AppError, isAppError } from "../../shared/contract/errors.ts";
import type { GraphMemory } from "../../shared/inference/graph-check.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log } from "../ports.ts";
import type { LoadedModel, ModelLoader } from "./load-model.ts";
import { leaseMs, ModelCache, type ServedModel, waitMs } from "./model-cache.ts";
import {
  createLocate,
  describeReference,
  type LocatedVersion,
  type ModelReference,
} from "./model-reference.ts";

/** What a {@link ModelPool} needs. */
export interface ModelPoolOptions {
  readonly store: ObjectStore;
  /** What answers a request that names nothing; it is never evicted. */
  readonly main: ModelReference;
  /** Least milliseconds between two looks at an alias. */
  readonly pollMs: number;
  readonly load: ModelLoader;
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
}

/** References remembered beside the main one, loaded or known not to load. */
const mostOthers = 8;

/**
 * The isolate's models within one budget of memory: the main one, and those that requests named, of which the least
 * recently used make room. Loads come one after the other, so that no two count on the same free memory.
 */
export class ModelPool {
  /** The model that serves where a request names none. */
  readonly main: ModelCache;
  readonly #options: ModelPoolOptions;
  readonly #mainKey: string;
  /** By reference, the most recently used last. */
  readonly #others = new Map<string, ModelCache>();
  #turn: { readonly takenAt: number } | null = null;

  constructor(options: ModelPoolOptions) {
    this.#options = options;
    this.main = this.#createCache(options.main);
    this.#mainKey = describeReference(options.main);
  }

  /** Whether a request for `reference` can be answered without loading first. */
  isLoaded(reference: ModelReference): boolean {
    return this.#known(reference)?.isLoaded ?? false;
  }

  /**
   * Runs `run` with the model of `reference`, as {@link ModelCache.use} does.
   * @throws {AppError} not_found where a request named what does not exist; model_unavailable
   */
  async use<T>(
    reference: ModelReference,
    keepAlive: (work: Promise<unknown>) => void,
    run: (served: ServedModel) => T,
  ): Promise<T> {
    const cache = this.#known(reference) ?? this.#add(reference);
    if (cache === this.main) return cache.use(keepAlive, run);
    try {
      return await cache.use(keepAlive, run);
    } catch (error) {
      const cause = isAppError(error, "model_unavailable") ? error.cause : undefined;
      throw isAppError(cause, "not_found") ? cause : error;
    }
  }

  /** The cache that answers a reference, now the most recently used; `undefined` where there is none yet. */
  #known(reference: ModelReference): ModelCache | undefined {
    const key = describeReference(reference);
    const { main } = this.#options;
    const isMain =
      key === this.#mainKey ||
      (reference.kind === "version" &&
        reference.model === main.model &&
        reference.version === this.main.version);
    if (isMain) return this.main;
    const cache = this.#others.get(key);
    if (cache === undefined) return undefined;
    this.#others.delete(key);
    this.#others.set(key, cache);
    return cache;
  }

  #add(reference: ModelReference): ModelCache {
    const cache = this.#createCache(reference);
    // one that holds no model first: names that do not exist must not push out those that do
    const isFull = this.#others.size >= mostOthers;
    if (isFull && !this.#evict((other) => !other.isLoaded) && !this.#evict(() => true)) {
      throw new AppError("model_unavailable", `${mostOthers} other models are being loaded; try again soon`);
    }
    this.#others.set(describeReference(reference), cache);
    return cache;
  }

  /** Frees the least recently used of the models that may go. @returns whether there was one */
  #evict(mayGo: (cache: ModelCache) => boolean): boolean {
    for (const [key, cache] of this.#others) {
      if (cache.isLoading || !mayGo(cache)) continue;
      this.#others.delete(key);
      cache.close();
      return true;
    }
    return false;
  }

  #createCache(reference: ModelReference): ModelCache {
    const { store, pollMs, clock, wait, log } = this.#options;
    const locate = createLocate(store, reference);
    const load = (located: LocatedVersion): Promise<LoadedModel> => this.#load(located);
    return new ModelCache({ reference, locate, pollMs, load, clock, wait, log });
  }

  async #load(located: LocatedVersion): Promise<LoadedModel> {
    const { load } = this.#options;
    const turn = await this.#takeTurn();
    try {
      for (;;) {
        try {
          return await load(located, this.#memoryInUse());
        } catch (error) {
          const isShort = isAppError(error, "budget_exceeded");
          if (!isShort || !this.#evict((other) => other.isLoaded)) throw error;
        }
      }
    } finally {
      if (this.#turn === turn) this.#turn = null;
    }
  }

  /** Waits on the request's own timer until no other load is under way, or that one took too long. */
  async #takeTurn(): Promise<object> {
    const { clock, wait } = this.#options;
    while (this.#turn !== null && clock() - this.#turn.takenAt <= leaseMs) await wait(waitMs);
    const turn = { takenAt: clock() };
    this.#turn = turn;
    return turn;
  }

  #memoryInUse(): GraphMemory {
    const inUse = { residentBytes: 0, activationBytes: 0 };
    for (const { memory } of [this.main, ...this.#others.values()]) {
      inUse.residentBytes += memory?.residentBytes ?? 0;
      // one model runs at a time
      inUse.activationBytes = Math.max(inUse.activationBytes, memory?.activationBytes ?? 0);
    }
    return inUse;
  }
}
