import type { Segment } from "./timeline.ts";

/** A change that somebody told of. */
export interface ToldChange {
  /** Second of the frame that made it known. */
  readonly second: number;
  readonly label: string;
}

/** How well changes were told. */
export interface Score {
  /** Changes that happened. */
  readonly changes: number;
  /** Of those told of, the share that happened. */
  readonly precision: number;
  /** Of those that happened, the share told of. */
  readonly recall: number;
  /** Frames from the first that shows a change to the one that made it known; 0 is at once. */
  readonly delayFrames: { readonly p50: number; readonly p95: number };
  readonly falseAlarmsPerCameraDay: number;
}

/** What one camera saw, sent and was said to see. */
export interface CameraRun {
  readonly segments: readonly Segment[];
  /** Seconds whose frames were sent, ascending. */
  readonly sent: readonly number[];
  readonly told: readonly ToldChange[];
}

const secondsOfDay = 86_400;

/**
 * Compares what was told with what happened. A change is found by the first telling of its label before the next change;
 * every other telling is a false alarm. What a camera sees first is no change.
 */
export function scoreRuns(runs: readonly CameraRun[], seconds: number): Score {
  let changes = 0;
  let found = 0;
  let told = 0;
  const delays: number[] = [];
  for (const run of runs) {
    const used = new Set<ToldChange>();
    for (const segment of run.segments.slice(1)) {
      changes++;
      const match = run.told.find(
        (change) =>
          !used.has(change) &&
          change.label === segment.label &&
          change.second >= segment.from &&
          change.second < segment.to,
      );
      if (match === undefined) continue;
      used.add(match);
      delays.push(run.sent.filter((second) => second >= segment.from && second < match.second).length);
    }
    found += used.size;
    told += run.told.length;
  }
  delays.sort((a, b) => a - b);
  return {
    changes,
    precision: told === 0 ? 1 : found / told,
    recall: changes === 0 ? 1 : found / changes,
    delayFrames: { p50: quantile(delays, 0.5), p95: quantile(delays, 0.95) },
    falseAlarmsPerCameraDay: ((told - found) * secondsOfDay) / Math.max(1, runs.length * seconds),
  };
}

/** The smallest value that a share `q` of the values does not exceed; 0 of none. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? 0;
}
