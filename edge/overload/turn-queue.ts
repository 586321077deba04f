import { AppError } from "../../shared/contract/errors.ts";
import type { Clock } from "../ports.ts";

/** What a {@link TurnQueue} needs. */
export interface TurnQueueOptions {
  readonly clock: Clock;
  /** A timer of the calling request. */
  readonly wait: (milliseconds: number) => Promise<unknown>;
  /** Requests that wait at once; one more is refused. */
  readonly most?: number;
  /** Milliseconds after which a request that still waits is refused. */
  readonly longestWaitMs?: number;
}

interface Ticket {
  /** When its request last looked: one whose client is gone looks no more. */
  seenAt: number;
}

/** Of the slowest model that fits (40 ms an image), that many wait 1.3 s: less than a client's patience. */
const defaultMost = 32;
const defaultLongestWaitMs = 2_000;
/** A request looks so often for each that is before it, but the one behind the next, which may be it soon, at once. */
const waitMsByPlace = 4;
const longestLookMs = 100;
/** A request may die with its turn, when it has to load a model after all. */
const leaseMs = 20_000;
/** A request that does not take its turn for so long, or does not look, is dead; if it is not, it comes back to the front. */
const absentMs = 200;
const deadAfterMs = 1_000;

/**
 * Decoding and inference take the isolate's one thread. Requests do them by turns, in the order they came, and the
 * isolate takes in what arrived between two turns: a health check waits for the turn that runs, not for all that wait.
 * Who comes when too many wait is refused at once. Requests share no promise, as in `ModelCache`.
 */
export class TurnQueue {
  readonly #options: Required<TurnQueueOptions>;
  readonly #line: Ticket[] = [];
  #holder: { readonly takenAt: number } | null = null;
  #turns = 0;
  #freedAt = 0;

  constructor(options: TurnQueueOptions) {
    this.#options = { most: defaultMost, longestWaitMs: defaultLongestWaitMs, ...options };
  }

  /** Requests that wait now. */
  get length(): number {
    return this.#line.length;
  }

  /** Refuses a request that would have to be refused later. @throws {AppError} overloaded */
  requireRoom(): void {
    this.#dropDead();
    if (this.#line.length < this.#options.most) return;
    throw overloaded("too many requests wait for their turn");
  }

  /**
   * Runs `work` when it is the caller's turn.
   * @param work computes; what it awaits must be there already, so that it ends before anything else happens
   * @throws {AppError} overloaded
   */
  async take<T>(work: () => Promise<T>): Promise<T> {
    await this.#waitForTurn();
    const holder = { takenAt: this.#options.clock() };
    this.#holder = holder;
    try {
      return await work();
    } finally {
      if (this.#holder === holder) this.#holder = null;
      this.#turns++;
      this.#freedAt = this.#options.clock();
    }
  }

  get #isFree(): boolean {
    return this.#holder === null || this.#options.clock() - this.#holder.takenAt > leaseMs;
  }

  async #waitForTurn(): Promise<void> {
    const { clock, wait, longestWaitMs } = this.#options;
    this.requireRoom();
    const startedAt = clock();
    const ticket: Ticket = { seenAt: startedAt };
    this.#line.push(ticket);
    try {
      for (;;) {
        const turns = this.#turns;
        await wait(lookMs(this.#line.indexOf(ticket)));
        ticket.seenAt = clock();
        if (!this.#line.includes(ticket)) this.#line.unshift(ticket);
        this.#dropDead();
        // a turn that ended since the timer was set has kept the isolate from taking in what arrived
        if (this.#line[0] === ticket && this.#isFree && this.#turns === turns) return;
        if (ticket.seenAt - startedAt > longestWaitMs) {
          throw overloaded("the turn of this request did not come in time");
        }
      }
    } finally {
      const place = this.#line.indexOf(ticket);
      if (place >= 0) this.#line.splice(place, 1);
    }
  }

  /** Drops who is next and does not come, and whoever has not looked for long. */
  #dropDead(): void {
    const now = this.#options.clock();
    const [next] = this.#line;
    if (next !== undefined && this.#isFree && now - Math.max(next.seenAt, this.#freedAt) > absentMs) {
      this.#line.shift();
    }
    const living = this.#line.filter(({ seenAt }) => now - seenAt <= deadAfterMs);
    if (living.length < this.#line.length) this.#line.splice(0, this.#line.length, ...living);
  }
}

/** When to look again: each look costs the thread some tenths of a millisecond, and many may wait. */
function lookMs(place: number): number {
  if (place <= 0) return 0;
  return place === 1 ? 1 : Math.min(waitMsByPlace * place, longestLookMs);
}

/** The error of a request that is refused rather than left to time out. @param fault what there is too much of */
export function overloaded(fault: string): AppError {
  return new AppError("overloaded", `${fault}; ask again after Retry-After`, {
    details: { retryAfterMs: 1000 },
  });
}
