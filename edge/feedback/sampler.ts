import type { FeedbackRecord, FeedbackSource } from "../../shared/contract/feedback.ts";
import { isAppError } from "../../shared/contract/errors.ts";
import { hashDistance } from "../../shared/image/perceptual-hash.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { DailyQuotas } from "../limits/daily-quota.ts";
import type { ModelPool } from "../model/model-pool.ts";
import type { ModelReference } from "../model/model-reference.ts";
import type { ClassifiedBy } from "../model/rollouts.ts";
import type { Clock, Log } from "../ports.ts";
import type { FeedbackSettings } from "./feedback-settings.ts";
import { examineImage, keepable } from "./examine-image.ts";
import { compactDay, feedbackIdOf, shelveFeedback } from "./feedback-shelf.ts";

/** What {@link Sampler} needs. */
export interface SamplerOptions {
  readonly settings: FeedbackSettings;
  readonly store: ObjectStore;
  readonly models: ModelPool;
  readonly quotas: DailyQuotas;
  readonly clock: Clock;
  readonly log: Log;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** 0 inclusive to 1 exclusive. */
  readonly random: () => number;
}

/** One answered image that may be worth keeping. */
export interface Offer {
  readonly answer: ClassifiedBy;
  readonly reference: ModelReference;
  readonly requestId: string;
  /** Which image of the request, from 0. */
  readonly index: number;
  /** Of the API key, `null` where none is needed. */
  readonly keyId: string | null;
  /** The encoded image. */
  readonly read: () => Uint8Array;
  readonly keepAlive: (work: Promise<unknown>) => void;
}

type SampledSource = Exclude<FeedbackSource, "feedback">;

/** Differing bits of 64 up to which a picture is one that was kept lately. */
const nearDuplicateBits = 3;
/** Pictures that are remembered in this isolate. */
const rememberedHashes = 512;
/** Images on their way to the store at a time; each may have 15 MB. */
const mostKeeping = 2;

/**
 * Keeps some of the images whose answers are worth a person's look: uncertain, unknown, or such that two versions
 * disagree. Nothing is kept unless its rate was switched on; what is kept goes to quarantine.
 */
export class Sampler {
  readonly #options: SamplerOptions;
  readonly #hashes: string[] = [];
  #keeping = 0;

  constructor(options: SamplerOptions) {
    this.#options = options;
  }

  /** Draws whether an answered image is kept, by what its answer was. */
  offerAnswer(offer: Offer): void {
    const { unknown, recognized } = offer.answer;
    if (unknown) this.#offer("unknown", offer);
    else if (!recognized) this.#offer("uncertain", offer);
  }

  /** Draws whether an image is kept to which two versions gave different classes. */
  offerDisagreement(offer: Offer): void {
    this.#offer("disagreement", offer);
  }

  #offer(source: SampledSource, offer: Offer): void {
    const { settings, random } = this.#options;
    if (random() >= settings.sampling[source] || this.#keeping >= mostKeeping) return;
    this.#keeping++;
    offer.keepAlive(this.#keep(source, offer));
  }

  async #keep(source: SampledSource, offer: Offer): Promise<void> {
    const { settings, store, models, quotas, clock, log, wait } = this.#options;
    const { answer, keyId, requestId, index, keepAlive } = offer;
    try {
      // the answer first
      await wait(0);
      const examined = await models.use(offer.reference, keepAlive, ({ codec }) =>
        examineImage(codec, offer.read()),
      );
      if (this.#isNearDuplicate(examined.perceptualHash)) return;
      const now = clock();
      const cap = await quotas.getByName(quotaName(keyId)).take(settings.dailyCap, now);
      if (!cap.isWithin) return;
      const { bytes, facts } = await keepable(examined);
      const [top] = answer.predictions;
      const record: FeedbackRecord = {
        schemaVersion: 1,
        id: await feedbackIdOf(keyId ?? "", requestId, index, compactDay(now)),
        model: answer.model,
        source,
        status: "quarantined",
        label: null,
        answer: { version: answer.version, top: top ?? null, unknown: answer.unknown },
        image: facts,
        keyId,
        createdAt: new Date(now).toISOString(),
        expiresAt: new Date(now + settings.keptMs).toISOString(),
      };
      await shelveFeedback(store, record, bytes);
      this.#remember(facts.perceptualHash);
      log({ level: "info", event: "image-sampled", source, id: record.id, model: record.model });
    } catch (error) {
      // a client that repeats its request ids, or an image offered for two reasons
      if (isAppError(error, "precondition_failed")) return;
      log({ level: "warn", event: "image-not-sampled", source, reason: String(error) });
    } finally {
      this.#keeping--;
    }
  }

  #isNearDuplicate(hash: string): boolean {
    return this.#hashes.some((known) => hashDistance(known, hash) <= nearDuplicateBits);
  }

  #remember(hash: string): void {
    this.#hashes.push(hash);
    if (this.#hashes.length > rememberedHashes) this.#hashes.shift();
  }
}

/** Where the images that a key brings are counted; apart from its requests. */
export function quotaName(keyId: string | null): string {
  return `feedback ${keyId ?? "open"}`;
}
