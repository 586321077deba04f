import type { RolloutGuard } from "../../shared/contract/alias.ts";
import type { RolloutState } from "../../shared/contract/service.ts";

/** Which of a rollout's two versions: the one that serves, or the one that is tried. */
export type Arm = "stable" | "candidate";

/** What one version made of an image. */
export type Outcome = "known" | "unknown" | "failed";

type ArmCounts = RolloutState["seen"][Arm];

/** Answers of each version that are remembered: old ones say nothing of a version that was retried or traffic that changed. */
const windowAnswers = 500;

/**
 * A threshold counts as passed when it is by this many standard errors. Every answer is a new look, so the usual two
 * would end a good rollout sooner or later by chance.
 */
const certainty = 4;

/** What one isolate saw of one rollout, and whether that is reason to end it. */
export class RolloutWatch {
  readonly #guard: RolloutGuard;
  readonly #outcomes: Readonly<Record<Arm, SlidingCounts<Outcome>>> = {
    stable: new SlidingCounts(),
    candidate: new SlidingCounts(),
  };
  readonly #comparisons = new SlidingCounts<"agreed" | "disagreed">();

  constructor(guard: RolloutGuard) {
    this.#guard = guard;
  }

  /** Notes what a version made of an image. */
  note(arm: Arm, outcome: Outcome): void {
    this.#outcomes[arm].add(outcome);
  }

  /** Notes whether both versions gave an image the same class. */
  compare(agreed: boolean): void {
    this.#comparisons.add(agreed ? "agreed" : "disagreed");
  }

  /** What was seen lately. */
  get counts(): RolloutState["seen"] {
    return {
      stable: countsOf(this.#outcomes.stable),
      candidate: countsOf(this.#outcomes.candidate),
      compared: this.#comparisons.size,
      disagreed: this.#comparisons.count("disagreed"),
    };
  }

  /** Why the rollout should end, `null` where nothing speaks against it. */
  verdict(): string | null {
    const { minimumAnswers, maxUnknownRise, maxErrorRise, maxDisagreement } = this.#guard;
    const { stable, candidate, compared, disagreed } = this.counts;
    if (candidate.answers >= minimumAnswers) {
      const failed = rise(candidate.failed, candidate.answers, stable.failed, stable.answers);
      if (failed > maxErrorRise)
        return describe("failed", candidate.failed, candidate, stable.failed, stable);
      const isComparable = stable.answers >= minimumAnswers;
      const unknown = rise(candidate.unknown, candidate.answers, stable.unknown, stable.answers);
      if (isComparable && unknown > maxUnknownRise) {
        return describe("were unknown", candidate.unknown, candidate, stable.unknown, stable);
      }
    }
    if (compared >= minimumAnswers && rise(disagreed, compared, 0, 0) > maxDisagreement) {
      return `of ${compared} images ${disagreed} got another class than from the version that serves`;
    }
    return null;
  }
}

function describe(what: string, count: number, of: ArmCounts, stable: number, ofStable: ArmCounts): string {
  return `of ${of.answers} answers ${count} ${what}; of the version that serves, ${stable} of ${ofStable.answers}`;
}

function countsOf(outcomes: SlidingCounts<Outcome>): ArmCounts {
  return { answers: outcomes.size, unknown: outcomes.count("unknown"), failed: outcomes.count("failed") };
}

/** By how much one share is larger than another, at the least: the difference less its standard errors. */
function rise(count: number, of: number, thanCount: number, thanOf: number): number {
  const error = Math.sqrt(variance(count, of) + (thanOf === 0 ? 0 : variance(thanCount, thanOf)));
  return count / of - (thanOf === 0 ? 0 : thanCount / thanOf) - certainty * error;
}

/** Of a share, by A. Agresti and B. A. Coull (1998): two successes and two failures are added, so that 0 of 5 is no certainty. */
function variance(count: number, of: number): number {
  const share = (count + 2) / (of + 4);
  return (share * (1 - share)) / (of + 4);
}

/** Counts the latest things by kind. */
class SlidingCounts<Kind extends string> {
  readonly #latest: Kind[] = [];
  readonly #counts = new Map<Kind, number>();
  #next = 0;

  get size(): number {
    return this.#latest.length;
  }

  count(kind: Kind): number {
    return this.#counts.get(kind) ?? 0;
  }

  add(kind: Kind): void {
    const dropped = this.#latest[this.#next];
    if (dropped !== undefined) this.#counts.set(dropped, this.count(dropped) - 1);
    this.#latest[this.#next] = kind;
    this.#counts.set(kind, this.count(kind) + 1);
    this.#next = (this.#next + 1) % windowAnswers;
  }
}
