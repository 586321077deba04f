import type { CameraConfig } from "../contract/camera.ts";
import { checkOrder, type ClockState, type ClockVerdict, newClock } from "./camera-clock.ts";
import { checkHealth, type Fault, type HealthState, isOffline, newHealth } from "./camera-health.ts";
import { type Evidence, type StateShares, withEvidence } from "./evidence.ts";
import type { FrameSignals } from "./frame-signals.ts";
import { type Vote, winnerOf, withVote } from "./votes.ts";

/** One classified frame. */
export interface FrameResult {
  /** Milliseconds since 1970 by the camera's clock, `null` where it does not tell. */
  readonly at: number | null;
  /** Milliseconds since 1970 by the server's clock. */
  readonly arrivedAt: number;
  /** State of the camera that the frame shows, after the label map; `null` for none. */
  readonly label: string | null;
  /** 0-1. */
  readonly probability: number;
  readonly shares: StateShares;
  readonly signals: FrameSignals;
}

/** Everything remembered of a camera between two frames. */
export interface CameraState {
  /** `null` until enough frames agree for the first time. */
  readonly label: string | null;
  /** Milliseconds since 1970. */
  readonly since: number | null;
  /** Of the frames that made the state, 0-1. */
  readonly probability: number;
  readonly lastEventAt: number | null;
  /** The newest last. */
  readonly votes: readonly Vote[];
  readonly evidence: Evidence;
  readonly clock: ClockState;
  readonly health: HealthState;
}

/** Something that changed, and is worth telling. */
export type CameraChange =
  | {
      readonly kind: "state";
      /** Milliseconds since 1970. */
      readonly at: number;
      readonly label: string;
      readonly previous: string;
      /** Of the previous state, milliseconds since 1970. */
      readonly previousSince: number;
      readonly probability: number;
    }
  | { readonly kind: "health"; readonly at: number; readonly fault: Fault; readonly active: boolean };

/** What became of a frame. */
export type FrameVerdict = "counted" | Exclude<ClockVerdict, "in_order">;

/** The state after a frame. */
export interface Step {
  readonly state: CameraState;
  readonly verdict: FrameVerdict;
  readonly changes: readonly CameraChange[];
}

/** A camera before its first frame. */
export const newCameraState: CameraState = {
  label: null,
  since: null,
  probability: 0,
  lastEventAt: null,
  votes: [],
  evidence: {},
  clock: newClock,
  health: newHealth,
};

/**
 * One step of a camera's state machine: order by the camera's clock, health, vote, evidence, state. Nothing else decides.
 * The first state ever is remembered and not told: nothing changed.
 */
export function step(state: CameraState, frame: FrameResult, config: CameraConfig): Step {
  const lateMs = config.clock === "camera" ? Infinity : config.lateSeconds * 1000;
  const times = { at: frame.at, arrivedAt: frame.arrivedAt, fingerprint: frame.signals.fingerprint };
  const { clock, verdict } = checkOrder(state.clock, times, lateMs);
  if (verdict !== "in_order") return { state: { ...state, clock }, verdict, changes: [] };

  const now = config.clock === "camera" ? (frame.at ?? frame.arrivedAt) : frame.arrivedAt;
  const { health, isSound, changes: conditions } = checkHealth(state.health, frame.signals, frame.arrivedAt);
  const vote: Vote = { at: now, label: isSound ? frame.label : null, probability: frame.probability };
  const recent = state.votes.filter(({ at }) => now - at <= config.offlineSeconds * 1000);
  const votes = withVote(recent, vote, config.vote.n);
  const known = recent.length === 0 ? {} : state.evidence;
  const evidence = isSound ? withEvidence(known, frame.shares, state.label, enoughEvidence(config)) : known;
  const changed = changeState({ ...state, votes, evidence, clock, health }, config, now);
  return {
    state: changed.state,
    verdict: "counted",
    changes: [
      ...conditions.map((change) => ({ kind: "health", at: now, ...change }) as const),
      ...changed.changes,
    ],
  };
}

/** Looks at a camera that sent nothing. @param now milliseconds since 1970, by the server's clock */
export function checkSilence(
  state: CameraState,
  config: Pick<CameraConfig, "offlineSeconds">,
  now: number,
): Omit<Step, "verdict"> {
  const { health } = state;
  if (health.faults.includes("offline") || !isOffline(health, config.offlineSeconds * 1000, now)) {
    return { state, changes: [] };
  }
  return {
    state: { ...state, health: { ...health, faults: ["offline", ...health.faults] } },
    changes: [{ kind: "health", at: now, fault: "offline", active: true }],
  };
}

function enoughEvidence({ evidencePerVote, vote }: CameraConfig): number {
  return evidencePerVote * vote.k;
}

function changeState(state: CameraState, config: CameraConfig, now: number): Omit<Step, "verdict"> {
  const winner = winnerOf(state.votes, state.label, config);
  if (winner === null) return { state, changes: [] };
  const { label, probability } = winner;
  const next: CameraState = { ...state, label, since: now, probability, evidence: {} };
  if (state.label === null) return { state: next, changes: [] };
  if ((state.evidence[label] ?? 0) < enoughEvidence(config)) return { state, changes: [] };
  const isCooling = state.lastEventAt !== null && now - state.lastEventAt < config.cooldownSeconds * 1000;
  if (isCooling) return { state, changes: [] };
  return {
    state: { ...next, lastEventAt: now },
    changes: [
      {
        kind: "state",
        at: now,
        label,
        previous: state.label,
        previousSince: state.since ?? now,
        probability,
      },
    ],
  };
}
