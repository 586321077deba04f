/** What is remembered of one camera's clock. Times are milliseconds since 1970. */
export interface ClockState {
  /** Camera time of the newest frame taken. */
  readonly newestAt: number | null;
  /** Fingerprint of that frame. */
  readonly newestFingerprint: string;
  /** Least that arrival was behind the camera's clock lately: its skew and the usual delay. */
  readonly usualOffset: number | null;
  /** Arrival of the newest frame taken. */
  readonly arrivedAt: number;
  /** Frames that came too late by the clock as we know it, one after the other. */
  readonly suspects: SuspectRun | null;
}

interface SuspectRun {
  readonly firstAt: number;
  readonly firstArrivedAt: number;
  readonly lastAt: number;
  readonly frames: number;
}

/** A frame's times. */
export interface FrameTimes {
  /** By the camera's clock, `null` where it does not tell. */
  readonly at: number | null;
  readonly arrivedAt: number;
  readonly fingerprint: string;
}

/** Whether a frame is the next of its camera. */
export type ClockVerdict = "in_order" | "late" | "out_of_order" | "duplicate";

/** A camera that was never heard. */
export const newClock: ClockState = {
  newestAt: null,
  newestFingerprint: "",
  usualOffset: null,
  arrivedAt: 0,
  suspects: null,
};

/** The usual offset rises by this share of time, so that a clock that runs slow is followed. */
const driftAllowance = 1e-3;
/** A clock that was set is believed after so many frames over so long whose pace is that of time. */
const trustedFrames = 3;
const trustedMs = 2000;

/**
 * Puts a frame in the order of its camera's clock. A constant skew changes nothing; a clock that is set, either way, is
 * followed after a few frames, while a backlog that is sent at once is not mistaken for one.
 * @param lateMs more than this behind the usual delay is late; `Infinity` for recordings
 */
export function checkOrder(
  clock: ClockState,
  frame: FrameTimes,
  lateMs: number,
): { readonly clock: ClockState; readonly verdict: ClockVerdict } {
  const { at, arrivedAt } = frame;
  if (at === null) return { clock: { ...clock, arrivedAt }, verdict: "in_order" };
  const suspicion = suspect(clock, at, frame, lateMs);
  if (suspicion === null) return { clock: take(clock, at, frame), verdict: "in_order" };
  if (suspicion === "duplicate") return { clock, verdict: suspicion };
  const suspects = continueRun(clock.suspects, at, arrivedAt);
  if (isSteady(suspects, arrivedAt)) {
    return { clock: take({ ...clock, usualOffset: null }, at, frame), verdict: "in_order" };
  }
  return { clock: { ...clock, suspects }, verdict: suspicion };
}

function suspect(
  clock: ClockState,
  at: number,
  { arrivedAt, fingerprint }: FrameTimes,
  lateMs: number,
): Exclude<ClockVerdict, "in_order"> | null {
  const { newestAt, newestFingerprint, usualOffset } = clock;
  if (newestAt !== null && at <= newestAt) {
    // clocks that only count seconds give several frames one time
    if (at === newestAt) return fingerprint === newestFingerprint ? "duplicate" : null;
    return "out_of_order";
  }
  if (usualOffset !== null && arrivedAt - at - offsetNow(clock, arrivedAt) > lateMs) return "late";
  return null;
}

function take(clock: ClockState, at: number, { arrivedAt, fingerprint }: FrameTimes): ClockState {
  return {
    newestAt: at,
    newestFingerprint: fingerprint,
    usualOffset: Math.min(arrivedAt - at, offsetNow(clock, arrivedAt)),
    arrivedAt,
    suspects: null,
  };
}

function offsetNow({ usualOffset, arrivedAt }: ClockState, now: number): number {
  return usualOffset === null ? Infinity : usualOffset + Math.max(0, now - arrivedAt) * driftAllowance;
}

/** A run goes on as long as its pace is that of time; else it begins anew. */
function continueRun(run: SuspectRun | null, at: number, arrivedAt: number): SuspectRun {
  const isNew = run === null || at <= run.lastAt || !hasPaceOfTime(run, at, arrivedAt);
  return isNew
    ? { firstAt: at, firstArrivedAt: arrivedAt, lastAt: at, frames: 1 }
    : { ...run, lastAt: at, frames: run.frames + 1 };
}

function hasPaceOfTime({ firstAt, firstArrivedAt }: SuspectRun, at: number, arrivedAt: number): boolean {
  const arrival = arrivedAt - firstArrivedAt;
  return Math.abs(arrival - (at - firstAt)) <= 1000 + arrival / 4;
}

function isSteady({ firstArrivedAt, frames }: SuspectRun, arrivedAt: number): boolean {
  return frames >= trustedFrames && arrivedAt - firstArrivedAt >= trustedMs;
}
