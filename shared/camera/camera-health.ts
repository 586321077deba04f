import { hashDistance } from "../image/perceptual-hash.ts";
import type { FrameSignals } from "./frame-signals.ts";

/** What may be wrong with a camera. */
export const faults = ["offline", "frozen", "black", "blurred", "tampered"] as const;

/** What may be wrong with a camera. */
export type Fault = (typeof faults)[number];

/** What is remembered of a camera's condition. */
export interface HealthState {
  /** Milliseconds since 1970, by the server's clock; `null` before the first frame. */
  readonly lastSeenAt: number | null;
  /** Smoothed milliseconds between frames, `null` before the second. */
  readonly intervalMs: number | null;
  /** What is wrong now. */
  readonly faults: readonly Fault[];
  /** Frames in a row that speak for a fault, negative for those that speak against it. */
  readonly runs: Readonly<Partial<Record<Fault, number>>>;
  readonly fingerprint: string;
  /** Slow mean of the sharpness of sound frames. */
  readonly usualSharpness: number | null;
  /** How the scene usually looks, and when that was recorded. */
  readonly scene: { readonly hash: string; readonly at: number } | null;
}

/** A fault that began or ended. */
export interface HealthChange {
  readonly fault: Fault;
  readonly active: boolean;
}

/** A camera that was never heard. */
export const newHealth: HealthState = {
  lastSeenAt: null,
  intervalMs: null,
  faults: [],
  runs: {},
  fingerprint: "",
  usualSharpness: null,
  scene: null,
};

/** Frames in a row that begin a fault. */
const framesToBegin: Readonly<Record<Exclude<Fault, "offline">, number>> = {
  frozen: 30,
  black: 5,
  blurred: 10,
  tampered: 15,
};
/** Frames in a row that end one. */
const framesToEnd = 3;
const blackLuma = 12;
const blackContrast = 5;
/** Of what is usual. */
const blurredShare = 0.35;
/** Bits of 64 in which the scene differs from the usual one; a large thing in view differs in fewer. */
const strangeBits = 26;
/** The usual scene follows daylight at this pace, and a moved camera after this long. */
const sceneMs = 60_000;
const acceptStrangeMs = 300_000;

/** Whether a frame shows nothing. */
function isBlack({ luma, contrast }: FrameSignals): boolean {
  return luma < blackLuma && contrast < blackContrast;
}

/**
 * Takes a frame into account. `isSound` tells whether the frame can speak for a label: not where it is black or blurred,
 * nor while the camera is frozen or tampered with.
 * @param now milliseconds since 1970, by the server's clock
 */
export function checkHealth(
  health: HealthState,
  signals: FrameSignals,
  now: number,
): { readonly health: HealthState; readonly isSound: boolean; readonly changes: readonly HealthChange[] } {
  const black = isBlack(signals);
  const blurred = !black && isBlurred(health, signals);
  const strange = !black && isStrange(health, signals);
  const suspicious: Readonly<Record<Exclude<Fault, "offline">, boolean>> = {
    frozen: signals.fingerprint === health.fingerprint,
    black,
    blurred,
    tampered: strange,
  };
  const runs: Partial<Record<Fault, number>> = {};
  const active = new Set<Fault>();
  for (const fault of ["frozen", "black", "blurred", "tampered"] as const) {
    const run = nextRun(health.runs[fault] ?? 0, suspicious[fault]);
    runs[fault] = run;
    const begins = run >= framesToBegin[fault];
    const lasts = health.faults.includes(fault) && run > -framesToEnd;
    if (begins || lasts) active.add(fault);
  }
  const changes = faults
    .filter((fault) => active.has(fault) !== health.faults.includes(fault))
    .map((fault): HealthChange => ({ fault, active: active.has(fault) }));
  return {
    changes,
    isSound: !black && !blurred && !active.has("frozen") && !active.has("tampered"),
    health: {
      lastSeenAt: now,
      intervalMs: smoothInterval(health, now),
      faults: faults.filter((fault) => active.has(fault)),
      runs,
      fingerprint: signals.fingerprint,
      usualSharpness: black || blurred ? health.usualSharpness : smoothSharpness(health, signals),
      scene: black ? health.scene : nextScene(health, signals, strange, now),
    },
  };
}

/** Whether a camera has been silent for too long. */
export function isOffline(health: HealthState, offlineMs: number, now: number): boolean {
  return health.lastSeenAt !== null && now - health.lastSeenAt > offlineMs;
}

/** Frames a second lately, `null` where nobody can tell. */
export function framesPerSecond({ intervalMs }: HealthState): number | null {
  return intervalMs === null ? null : Math.round(1e5 / Math.max(1, intervalMs)) / 100;
}

function isBlurred({ usualSharpness }: HealthState, { sharpness }: FrameSignals): boolean {
  return usualSharpness !== null && sharpness < usualSharpness * blurredShare;
}

function isStrange({ scene }: HealthState, { hash }: FrameSignals): boolean {
  return scene !== null && hashDistance(scene.hash, hash) >= strangeBits;
}

function nextRun(run: number, isSuspicious: boolean): number {
  if (isSuspicious) return Math.min(Math.max(run, 0) + 1, 1000);
  return Math.max(Math.min(run, 0) - 1, -1000);
}

function nextScene(
  { scene }: HealthState,
  { hash }: FrameSignals,
  strange: boolean,
  now: number,
): HealthState["scene"] {
  if (scene === null) return { hash, at: now };
  return now - scene.at >= (strange ? acceptStrangeMs : sceneMs) ? { hash, at: now } : scene;
}

function smoothInterval({ lastSeenAt, intervalMs }: HealthState, now: number): number | null {
  if (lastSeenAt === null) return null;
  const interval = Math.max(0, now - lastSeenAt);
  return intervalMs === null ? interval : intervalMs + 0.2 * (interval - intervalMs);
}

function smoothSharpness({ usualSharpness }: HealthState, { sharpness }: FrameSignals): number {
  return usualSharpness === null ? sharpness : usualSharpness + 0.02 * (sharpness - usualSharpness);
}
