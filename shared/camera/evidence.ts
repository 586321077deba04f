/** Nats in favour of each state over the one that is, never below 0; states without any are left out. */
export type Evidence = Readonly<Record<string, number>>;

/** What one frame says of all states; what is left of 1 is shared by states that it does not name. */
export type StateShares = Readonly<Record<string, number>>;

/** One frame counts no more than this either way: noise of neighbouring frames is not independent. */
const mostNats = 4;
/** Taken off with every frame, so that a state that is only a little likelier than the one that is never gets there. */
const allowanceNats = 0.5;
const leastShare = 1e-4;

/**
 * Adds up what a frame says for each state against the one that is: a cumulative sum of log-likelihood ratios, which
 * finds a change the soonest for a given rate of false alarms (Page 1954, Moustakides 1986).
 * @param shares of the frame, each 0-1
 * @param current the state that is, `null` where there is none yet: nothing is to be shown against it
 * @param enough nats at which a state has enough; it is held not far above, so that it can be lost again soon
 */
export function withEvidence(
  evidence: Evidence,
  shares: StateShares,
  current: string | null,
  enough: number,
): Evidence {
  if (current === null) return {};
  const rest = Math.max(0, 1 - Object.values(shares).reduce((sum, share) => sum + share, 0));
  const logShare = (label: string): number =>
    Math.log(Math.max(leastShare, Object.hasOwn(shares, label) ? (shares[label] ?? 0) : rest));
  const next: Record<string, number> = {};
  for (const label of new Set([...Object.keys(evidence), ...Object.keys(shares)])) {
    if (label === current) continue;
    const ratio = logShare(label) - logShare(current);
    const nats = Math.max(-mostNats, Math.min(mostNats, ratio)) - allowanceNats;
    const sum = Math.min(enough + mostNats, (evidence[label] ?? 0) + nats);
    if (sum > 0) next[label] = sum;
  }
  return next;
}
