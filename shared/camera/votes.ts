import type { CameraConfig } from "../contract/camera.ts";

/** What one frame says. */
export interface Vote {
  /** Milliseconds since 1970, by the clock that decides. */
  readonly at: number;
  /** State of the camera that it shows, `null` for none. */
  readonly label: string | null;
  /** 0-1. */
  readonly probability: number;
}

/** The part of the configuration that votes are counted by. */
export type VoteRules = Pick<CameraConfig, "vote" | "minProbability" | "hysteresis">;

/** A label that has the votes to become the state. */
export interface Winner {
  readonly label: string;
  /** Mean of the frames that voted for it, 0-1. */
  readonly probability: number;
  readonly votes: number;
}

/** The last `n` votes with a new one. */
export function withVote(votes: readonly Vote[], vote: Vote, n: number): readonly Vote[] {
  return [...votes, vote].slice(-n);
}

/**
 * The label that should be the state: the one that is, unless another has `k` of the last `n` votes and more than it.
 * The label that is keeps votes that are less sure, by `hysteresis`.
 * @returns `null` where the state stays as it is
 */
export function winnerOf(votes: readonly Vote[], current: string | null, rules: VoteRules): Winner | null {
  const support = countVotes(votes, current, rules);
  const kept = current === null ? 0 : (support.get(current)?.votes ?? 0);
  let best: Winner | null = null;
  for (const [label, { votes: count, sum }] of support) {
    const least = Math.max(rules.vote.k, kept + 1, (best?.votes ?? 0) + 1);
    if (label !== current && count >= least) best = { label, votes: count, probability: sum / count };
  }
  return best;
}

interface Support {
  readonly votes: number;
  /** Of the probabilities. */
  readonly sum: number;
}

function countVotes(votes: readonly Vote[], current: string | null, rules: VoteRules): Map<string, Support> {
  const { vote, minProbability, hysteresis } = rules;
  const support = new Map<string, Support>();
  for (const { label, probability } of votes.slice(-vote.n)) {
    if (label === null) continue;
    if (probability < (label === current ? minProbability - hysteresis : minProbability)) continue;
    const known = support.get(label) ?? { votes: 0, sum: 0 };
    support.set(label, { votes: known.votes + 1, sum: known.sum + probability });
  }
  return support;
}
