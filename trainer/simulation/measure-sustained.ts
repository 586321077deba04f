import { openPostingCamera } from "./camera-client.ts";
import type { HeapProbe } from "./live-heap.ts";
import { type Growth, measureGrowth } from "./measure-growth.ts";

/** What a Worker sustains with one camera. */
export interface Sustained extends Omit<Growth, "cpuMs"> {
  readonly frames: number;
  /** Frames a second of processor time; `null` where the machine does not tell. */
  readonly framesPerCpuSecond: number | null;
}

/** Posts frames as fast as they are answered. @param frames that are posted again and again, in turn */
export async function measureSustained(
  url: string,
  id: string,
  frames: readonly Uint8Array[],
  count: number,
  dedup: boolean,
  heap: HeapProbe,
  onFrame: (done: number, total: number) => void,
): Promise<Sustained> {
  const camera = await openPostingCamera(url, id, {
    clock: "camera",
    rate: { perSecond: 1000, burst: 1000 },
    burstFrames: 16,
    ...(dedup ? {} : { dedup: null }),
  });
  const { cpuMs, ...growth } = await measureGrowth(
    count,
    heap,
    (index) => camera.post(frames[index % frames.length] ?? new Uint8Array(), index * 1000 + 1e12),
    (done) => onFrame(done, count),
  );
  return {
    frames: count,
    framesPerCpuSecond: cpuMs === null ? null : (count * 1000) / Math.max(1, cpuMs),
    ...growth,
  };
}
