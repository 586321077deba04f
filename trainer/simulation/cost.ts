import { prices } from "./prices.ts";

/** What one frame takes, on the average. */
export interface FrameUse {
  /** Milliseconds of processor time, of Worker and object together. */
  readonly cpuMs: number;
  readonly rowsRead: number;
  readonly rowsWritten: number;
  /** Requests of the object: one a frame, and its alarms. */
  readonly objectRequests: number;
}

/** US dollars of one camera and month, each part. */
export interface CameraMonth {
  readonly total: number;
  readonly requests: number;
  readonly cpu: number;
  readonly objectRequests: number;
  readonly objectTime: number;
  readonly rows: number;
}

/** Of 30.44 days. */
const secondsOfMonth = 2_629_746;

/**
 * What a camera costs a month, without what the plan includes. Nobody can measure the object's share of the time from
 * outside: it is counted with the processor time of the whole frame, which is more.
 * @param everySeconds between two frames
 */
export function costOfMonth(use: FrameUse, everySeconds: number): CameraMonth {
  const frames = secondsOfMonth / everySeconds;
  const millions = (count: number): number => (count * frames) / 1e6;
  const parts = {
    requests: millions(1) * prices.workerMillionRequests,
    cpu: millions(use.cpuMs) * prices.workerMillionCpuMs,
    objectRequests: millions(use.objectRequests) * prices.objectMillionRequests,
    objectTime: millions(use.cpuMs / 1000) * prices.objectGb * prices.objectMillionGbSeconds,
    rows:
      millions(use.rowsRead) * prices.objectMillionRowsRead +
      millions(use.rowsWritten) * prices.objectMillionRowsWritten,
  };
  const total = Object.values(parts).reduce((sum, part) => sum + part, 0);
  return { total, ...parts };
}
