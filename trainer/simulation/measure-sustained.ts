import { openPostingCamera } from "./camera-client.ts";
import type { HeapProbe } from "./live-heap.ts";
import { useOfWorkerd } from "./workerd-process.ts";

/** What a Worker sustains with one camera. */
export interface Sustained {
  readonly frames: number;
  /** Frames a second of processor time; `null` where the machine does not tell. */
  readonly framesPerCpuSecond: number | null;
  /** How much larger workerd was at the end than after the first tenth, in bytes. */
  readonly rssGrowthBytes: number | null;
  /** How much more the Worker held in the last tenth than in the second, the least of each, in bytes. */
  readonly heapGrowthBytes: number;
}

const atOnce = 4;
/** Garbage comes and goes: the least of many samples is what is held. */
const heapSamples = 400;

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
  const before = useOfWorkerd();
  const early = Math.floor(count / 10);
  let afterTenth = before;
  const held = { early: Infinity, late: Infinity };
  const sampleEvery = Math.max(atOnce, Math.floor(count / heapSamples / atOnce) * atOnce);
  for (let done = 0; done < count; done += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - done) }, (_, i) => done + i);
    await Promise.all(
      batch.map((index) =>
        camera.post(frames[index % frames.length] ?? new Uint8Array(), index * 1000 + 1e12),
      ),
    );
    if (done <= early) afterTenth = useOfWorkerd();
    const tenth = Math.floor((done * 10) / count);
    if (done % sampleEvery === 0 && (tenth === 1 || tenth === 9)) {
      const part = tenth === 1 ? "early" : "late";
      held[part] = Math.min(held[part], await heap.usedBytes());
    }
    onFrame(done + batch.length, count);
  }
  const after = useOfWorkerd();
  const heapGrowthBytes = Number.isFinite(held.late - held.early) ? held.late - held.early : 0;
  if (before === null || after === null || afterTenth === null) {
    return { frames: count, framesPerCpuSecond: null, rssGrowthBytes: null, heapGrowthBytes };
  }
  return {
    frames: count,
    heapGrowthBytes,
    framesPerCpuSecond: (count * 1000) / Math.max(1, after.cpuMs - before.cpuMs),
    rssGrowthBytes: after.rssBytes - afterTenth.rssBytes,
  };
}
