import type { AliasRecord } from "../../shared/contract/alias.ts";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import type { Refusal } from "../../shared/contract/service.ts";
import { isolateModelBytes } from "../../shared/inference/bundle.ts";
import type { GraphMemory } from "../../shared/inference/graph-check.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { TurnQueue } from "../overload/turn-queue.ts";
import type { Clock, Log } from "../ports.ts";
import type { LoadedModel, ModelLoader, ModelRoom } from "./load-model.ts";
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
  /** Of WASM memory for all models together; {@link isolateModelBytes} unless told. */
  readonly budgetBytes?: number | undefined;
  /** Models compute one after the other, as their requests came. */
  readonly turns: TurnQueue;
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
    // before the turn, which is for computing only
    await this.load(reference, keepAlive);
    return this.#options.turns.take(() => this.#useNow(reference, keepAlive, run));
  }

  /** Loads the model of `reference` where it is not loaded, without running it. @throws as `use` does */
  async load(reference: ModelReference, keepAlive: (work: Promise<unknown>) => void): Promise<void> {
    if (!this.isLoaded(reference)) await this.#useNow(reference, keepAlive, () => undefined);
  }

  async #useNow<T>(
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

  /** What is known of the alias that `reference` names, `null` before its first look and for a version. */
  recordOf(reference: ModelReference): AliasRecord | null {
    return this.#known(reference)?.record ?? null;
  }

  /** Why the version of a reference is not served, `[]` where nothing speaks against it. */
  refusedOf(reference: ModelReference): readonly Refusal[] {
    return this.#known(reference)?.refused ?? [];
  }

  /** Whether a model can answer, and is the one of this digest. */
  isReady(reference: ModelReference, manifestSha256: string): boolean {
    return this.#known(reference)?.manifestSha256 === manifestSha256;
  }

  /** Loads the model of a reference in the background where it is not loaded. @throws model_unavailable */
  preload(reference: ModelReference, keepAlive: (work: Promise<unknown>) => void): void {
    (this.#known(reference) ?? this.#add(reference)).preload(keepAlive);
  }

  /** Makes the next request look at the alias. */
  lookSoon(reference: ModelReference): void {
    this.#known(reference)?.lookSoon();
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
      if (this.#mustStay(key, cache) || !mayGo(cache)) continue;
      this.#others.delete(key);
      cache.close();
      return true;
    }
    return false;
  }

  /** Whether requests that name a model must not push this one out: it is being loaded, or tried beside the main one. */
  #mustStay(key: string, cache: ModelCache): boolean {
    const rollout = this.main.record?.rollout;
    const tried = rollout === undefined ? null : candidateOf(this.#options.main.model, rollout.version);
    return cache.isLoading || (tried !== null && key === describeReference(tried));
  }

  #createCache(reference: ModelReference): ModelCache {
    const { store, pollMs, clock, wait, log } = this.#options;
    const locate = createLocate(store, reference);
    const load = (located: LocatedVersion): Promise<LoadedModel> => this.#load(located, reference);
    return new ModelCache({ reference, locate, pollMs, load, clock, wait, log });
  }

  async #load(located: LocatedVersion, reference: ModelReference): Promise<LoadedModel> {
    const turn = await this.#takeTurn();
    try {
      return this.#takeOver(located, reference) ?? (await this.#options.load(located, this.#room(reference)));
    } finally {
      if (this.#turn === turn) this.#turn = null;
    }
  }

  /** The model of a version that was tried beside an alias and now serves as it: it is here already. */
  #takeOver(
    { model, version, manifestSha256 }: LocatedVersion,
    reference: ModelReference,
  ): LoadedModel | null {
    if (reference.kind !== "alias") return null;
    const key = describeReference(candidateOf(model, version));
    const cache = this.#others.get(key);
    if (cache === undefined || cache.manifestSha256 !== manifestSha256) return null;
    this.#others.delete(key);
    return cache.release();
  }

  /** Waits on the request's own timer until no other load is under way, or that one took too long. */
  async #takeTurn(): Promise<object> {
    const { clock, wait } = this.#options;
    while (this.#turn !== null && clock() - this.#turn.takenAt <= leaseMs) await wait(waitMs);
    const turn = { takenAt: clock() };
    this.#turn = turn;
    return turn;
  }

  /** What a model may take: the main one may push out all others, the others but those that need not stay. */
  #room(reference: ModelReference): ModelRoom {
    const budget = this.#options.budgetBytes ?? isolateModelBytes;
    const isMain = describeReference(reference) === this.#mainKey;
    const stays = (key: string, cache: ModelCache): boolean => !isMain && this.#mustStay(key, cache);
    const staying = (): GraphMemory =>
      memoryOf([this.main, ...[...this.#others].flatMap(([key, it]) => (stays(key, it) ? [it] : []))]);
    return {
      mostBytes: budget - staying().residentBytes,
      make: (needed) => {
        const least = together(staying(), needed);
        if (least > budget) {
          throw new AppError(
            "budget_exceeded",
            `the model takes about ${needed.residentBytes + needed.activationBytes} bytes of memory, with those that ` +
              `must stay ${least}, and all models may take ${budget}; use a smaller size or width`,
          );
        }
        for (const [key, cache] of this.#others) {
          if (together(memoryOf([this.main, ...this.#others.values()]), needed) <= budget) return;
          if (!cache.isLoaded || stays(key, cache)) continue;
          this.#others.delete(key);
          cache.close();
        }
      },
    };
  }
}

/** The reference by which the version of a rollout is loaded. */
export function candidateOf(model: string, version: string): ModelReference {
  return { kind: "version", model, version };
}

function memoryOf(caches: readonly ModelCache[]): GraphMemory {
  const inUse = { residentBytes: 0, activationBytes: 0 };
  for (const { memory } of caches) {
    inUse.residentBytes += memory?.residentBytes ?? 0;
    inUse.activationBytes = Math.max(inUse.activationBytes, memory?.activationBytes ?? 0);
  }
  return inUse;
}

/** Bytes that models take with one more. One model runs at a time. */
function together(inUse: GraphMemory, more: GraphMemory): number {
  return inUse.residentBytes + more.residentBytes + Math.max(inUse.activationBytes, more.activationBytes);
}
