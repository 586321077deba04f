import type { AliasRecord, Rollout } from "../../shared/contract/alias.ts";
import type { Classification } from "../../shared/contract/classify.ts";
import type { ClassifyOptions } from "../../shared/contract/classify-request.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { statusOf } from "../../shared/contract/problem.ts";
import type { RolloutState } from "../../shared/contract/service.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { Clock, Log } from "../ports.ts";
import { endStoredRollout } from "./end-rollout.ts";
import type { ServedModel } from "./model-cache.ts";
import { candidateOf, type ModelPool } from "./model-pool.ts";
import { describeReference, type ModelReference } from "./model-reference.ts";
import { rolloutShare } from "./rollout-share.ts";
import { type Arm, RolloutWatch } from "./rollout-watch.ts";

/** What {@link Rollouts} needs. */
export interface RolloutsOptions {
  readonly models: ModelPool;
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  readonly log: Log;
}

/** Who asks which model. */
export interface ModelRequest {
  readonly reference: ModelReference;
  /** What a canary is sticky by: an API key, a device, a camera or an address. */
  readonly caller: string;
  /** The request's `waitUntil`. */
  readonly keepAlive: (work: Promise<unknown>) => void;
}

/** One image that is to be classified, and for whom. */
export interface ClassifyRequest extends ModelRequest {
  /** The encoded image. @throws {AppError} payload_too_large, invalid_argument */
  readonly read: () => Uint8Array;
  readonly options: ClassifyOptions;
  /** Told after the answer when the other version gave the image another class. */
  readonly onDisagreement?: ((other: ClassifiedBy) => void) | undefined;
}

/** The classes of an image, and who gave them. */
export type ClassifiedBy = { readonly model: string; readonly version: string } & Classification;

/** A rollout as this isolate lives it. */
interface Trial {
  readonly rollout: Rollout;
  readonly watch: RolloutWatch;
  /** Why this isolate ended it, and when it may try again to write that. */
  ended: { readonly reason: string; retryAt: number } | null;
}

/** More images than this at a time are not kept for the other version: each may have 15 MB. */
const mostShadowing = 2;
const retryMs = 5000;

/**
 * Sends each image to the version its caller gets, compares versions behind the answers, and ends a rollout whose
 * version does worse than its guard allows. What is tried can fail: its image goes to the version that serves.
 */
export class Rollouts {
  readonly #options: RolloutsOptions;
  /** By reference; at most one rollout of an alias at a time. */
  readonly #trials = new Map<string, Trial>();
  /** Images that wait for the other version. */
  #shadowing = 0;

  constructor(options: RolloutsOptions) {
    this.#options = options;
  }

  /**
   * Classifies one image by the version that its caller gets.
   * @throws {AppError} what the codec and the classifier throw; not_found, model_unavailable
   */
  async classify(request: ClassifyRequest): Promise<ClassifiedBy> {
    const answer = await this.use(request, (served) => classifyBy(served, request));
    const trial = this.#trialOf(request.reference, this.#options.models.recordOf(request.reference));
    if (trial?.rollout.shadow === true && trial.ended === null) this.#shadow(request, trial, answer);
    return answer;
  }

  /**
   * Does something with the version that a caller gets; what is tried can fail, and is done by the other one then.
   * Nothing is shown to both versions.
   * @throws {AppError} what `work` throws; not_found, model_unavailable
   */
  async use<T extends { readonly unknown: boolean }>(
    request: ModelRequest,
    work: (served: ServedModel) => T,
  ): Promise<T> {
    const { reference, keepAlive } = request;
    const { models } = this.#options;
    const record = models.recordOf(reference);
    const trial = this.#trialOf(reference, record);
    if (trial === null || record === null) return models.use(reference, keepAlive, work);
    const answer = await this.#answer(request, trial, this.#armOf(request, record, trial), work);
    this.#judge(request, trial);
    return answer;
  }

  /** The rollout of a reference's alias and how it fares here, `null` where none is known. */
  stateOf(reference: ModelReference): RolloutState | null {
    const record = this.#options.models.recordOf(reference);
    const trial = this.#trialOf(reference, record);
    if (trial === null) return null;
    const { version, canaryFraction, shadow, startedAt } = trial.rollout;
    return {
      version,
      canaryFraction,
      shadow,
      startedAt,
      loaded: this.#isReady(reference, trial),
      ended: trial.ended?.reason ?? null,
      refused: [...this.#options.models.refusedOf(candidateOf(reference.model, version))],
      seen: trial.watch.counts,
    };
  }

  /** The rollout that the alias's record has now; another one starts from nothing. */
  #trialOf(reference: ModelReference, record: AliasRecord | null): Trial | null {
    const key = describeReference(reference);
    const rollout = record?.rollout;
    if (rollout === undefined) {
      this.#trials.delete(key);
      return null;
    }
    const known = this.#trials.get(key);
    if (known?.rollout === rollout) return known;
    const isSame =
      known?.rollout.version === rollout.version && known.rollout.startedAt === rollout.startedAt;
    // shares and guard may have changed; what was seen stays only as long as it is judged alike
    const keeps = isSame && JSON.stringify(known.rollout.guard) === JSON.stringify(rollout.guard);
    const trial: Trial = {
      rollout,
      watch: keeps ? known.watch : new RolloutWatch(rollout.guard),
      ended: isSame ? known.ended : null,
    };
    this.#trials.set(key, trial);
    return trial;
  }

  #armOf(request: ModelRequest, record: AliasRecord, trial: Trial): Arm {
    const { version, canaryFraction } = trial.rollout;
    if (trial.ended !== null) return "stable";
    if (!this.#isReady(request.reference, trial)) {
      // the version that serves answers until the other one has loaded
      this.#preload(request, trial);
      return "stable";
    }
    const share = rolloutShare(request.caller, record.model, record.alias, version);
    return share < canaryFraction ? "candidate" : "stable";
  }

  /** Begins to load what is tried; where that cannot begin now, a later request sees to it. */
  #preload(request: ModelRequest, trial: Trial): void {
    const { models, log } = this.#options;
    try {
      models.preload(candidateOf(request.reference.model, trial.rollout.version), request.keepAlive);
    } catch (error) {
      log({
        level: "warn",
        event: "candidate-not-loaded",
        ...namesOf(request, trial),
        reason: String(error),
      });
    }
  }

  #isReady(reference: ModelReference, { rollout }: Trial): boolean {
    const candidate = candidateOf(reference.model, rollout.version);
    return this.#options.models.isReady(candidate, rollout.manifestSha256);
  }

  async #answer<T extends { readonly unknown: boolean }>(
    request: ModelRequest,
    trial: Trial,
    arm: Arm,
    work: (served: ServedModel) => T,
  ): Promise<T> {
    try {
      return await this.#run(request, trial, arm, work);
    } catch (error) {
      // what is tried must not cost an answer
      if (arm === "stable" || !isServersFault(error)) throw error;
      this.#options.log({
        level: "warn",
        event: "candidate-failed",
        ...namesOf(request, trial),
        reason: String(error),
      });
      return this.#run(request, trial, "stable", work);
    }
  }

  async #run<T extends { readonly unknown: boolean }>(
    { reference, keepAlive }: ModelRequest,
    { rollout, watch }: Trial,
    arm: Arm,
    work: (served: ServedModel) => T,
  ): Promise<T> {
    const asked = arm === "stable" ? reference : candidateOf(reference.model, rollout.version);
    try {
      const answer = await this.#options.models.use(asked, keepAlive, work);
      watch.note(arm, answer.unknown ? "unknown" : "known");
      return answer;
    } catch (error) {
      if (isServersFault(error)) watch.note(arm, "failed");
      throw error;
    }
  }

  /** Classifies by the other version once the answer is on its way, and compares. */
  #shadow(request: ClassifyRequest, trial: Trial, answer: ClassifiedBy): void {
    const { reference, keepAlive, onDisagreement } = request;
    if (!this.#isReady(reference, trial) || this.#shadowing >= mostShadowing) return;
    const other: Arm = answer.version === trial.rollout.version ? "stable" : "candidate";
    const compare = async (): Promise<void> => {
      try {
        await this.#options.wait(0);
        const asked = { ...request, options: { topK: 1 } };
        const second = await this.#run(request, trial, other, (served) => classifyBy(served, asked));
        // a promotion in between makes both the same
        if (second.version === answer.version) return;
        const agreed = classOf(second) === classOf(answer);
        trial.watch.compare(agreed);
        if (!agreed) onDisagreement?.(second);
      } catch (error) {
        const names = namesOf(request, trial);
        this.#options.log({
          level: "warn",
          event: "shadow-failed",
          ...names,
          arm: other,
          reason: String(error),
        });
      } finally {
        this.#shadowing--;
        this.#judge(request, trial);
      }
    };
    this.#shadowing++;
    keepAlive(compare());
  }

  /** Ends the rollout when the guard says so: here at once, for all by the alias's record. */
  #judge(request: ModelRequest, trial: Trial): void {
    const reason = trial.ended?.reason ?? trial.watch.verdict();
    if (reason === null || this.#options.clock() < (trial.ended?.retryAt ?? 0)) return;
    trial.ended = { reason, retryAt: this.#options.clock() + retryMs };
    request.keepAlive(this.#end(request, trial, reason));
  }

  async #end(request: ModelRequest, trial: Trial, reason: string): Promise<void> {
    const { reference } = request;
    const { store, models, clock, log } = this.#options;
    if (reference.kind !== "alias") return;
    const names = namesOf(request, trial);
    try {
      const at = new Date(clock()).toISOString();
      const isOurs = await endStoredRollout(store, reference, trial.rollout, { reason, at });
      if (isOurs) log({ level: "error", event: "rollout-ended", ...names, reason });
      models.lookSoon(reference);
    } catch (error) {
      log({ level: "error", event: "rollout-not-ended", ...names, reason, failure: String(error) });
    }
  }
}

function classifyBy({ classifier }: ServedModel, { read, options }: ClassifyRequest): ClassifiedBy {
  const { model, version } = classifier.manifest;
  return { model, version, ...classifier.classify(read(), options) };
}

/** Whether it went wrong for a reason that another image would not change. */
function isServersFault(error: unknown): boolean {
  return !isAppError(error) || statusOf(error.code) >= 500;
}

/** What two versions are compared by. */
function classOf({ unknown, predictions }: Classification): string | null {
  return unknown ? null : (predictions[0]?.label ?? null);
}

function namesOf({ reference }: ModelRequest, { rollout }: Trial): Record<string, unknown> {
  const { kind: _, ...named } = reference;
  return { ...named, candidate: rollout.version };
}
