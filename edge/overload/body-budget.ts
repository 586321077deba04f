import { requestLimits } from "../../shared/contract/classify-request.ts";
import type { Clock } from "../ports.ts";
import { overloaded } from "./turn-queue.ts";

/** What a {@link BodyBudget} needs. */
export interface BodyBudgetOptions {
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Bytes of all bodies held at once; a single larger one is let in alone. */
  readonly budgetBytes?: number;
}

/** With 48 MB for models and 40 for the decoder it makes 110 of an isolate's 128; JavaScript takes the rest. */
const defaultBudgetBytes = 22 * 1024 * 1024;
/** An image in text is held as bytes, as text and decoded while it is read. */
const textFactor = 3;
const textTypes = /^\s*(?:application\/(?:json|x-www-form-urlencoded)|text\/)/i;
/** A body that does not tell its length is counted as half the budget, so that two of them may come at once. */
const undeclaredBytes = defaultBudgetBytes / 2;
const waitMs = 10;
const longestWaitMs = 2_000;
/** A request that died, with its client, gives nothing back: its share is free after this. */
const leaseMs = 60_000;

/** Keeps the bodies of all requests under way within the memory of the isolate; who finds no room waits a little. */
export class BodyBudget {
  readonly #options: Required<BodyBudgetOptions>;
  readonly #held = new Set<{ readonly bytes: number; readonly takenAt: number }>();

  constructor(options: BodyBudgetOptions) {
    this.#options = { budgetBytes: defaultBudgetBytes, ...options };
  }

  /**
   * Runs `work`, which reads the body of `request`, when there is room for it.
   * @param limitBytes what `work` keeps of the body at most
   * @throws {AppError} overloaded
   */
  async hold<T>(
    request: Request,
    work: () => Promise<T>,
    limitBytes: number = requestLimits.bodyBytes,
  ): Promise<T> {
    const { clock, wait } = this.#options;
    const bytes = bytesOf(request, limitBytes);
    for (let waitedMs = 0; !this.#hasRoom(bytes); waitedMs += waitMs) {
      if (waitedMs >= longestWaitMs) {
        throw overloaded("other requests take the memory for bodies");
      }
      await wait(waitMs);
    }
    const share = { bytes, takenAt: clock() };
    this.#held.add(share);
    try {
      return await work();
    } finally {
      this.#held.delete(share);
    }
  }

  #hasRoom(bytes: number): boolean {
    const oldest = this.#options.clock() - leaseMs;
    let held = 0;
    for (const share of this.#held) {
      if (share.takenAt < oldest) this.#held.delete(share);
      else held += share.bytes;
    }
    return held === 0 || held + bytes <= this.#options.budgetBytes;
  }
}

/** What a body will take; one that is too long is dropped as it comes. */
function bytesOf({ headers }: Request, limitBytes: number): number {
  const declared = Number(headers.get("content-length") ?? undeclaredBytes);
  const bytes = Math.min(declared, limitBytes);
  return textTypes.test(headers.get("content-type") ?? "") ? bytes * textFactor : bytes;
}
