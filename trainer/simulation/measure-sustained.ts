import { openPostingCamera } from "./camera-client.ts";
import { useOfWorkerd } from "./workerd-process.ts";

/** What a Worker sustains with one camera. */
export interface Sustained {
  readonly frames: number;
  /** Frames a second of processor time; `null` where the machine does not tell. */
  readonly framesPerCpuSecond: number | null;
  /** How much larger workerd was at the end than after the first tenth, in bytes. */
  readonly rssGrowthBytes: number | null;
}

const atOnce = 4;

/** Posts frames as fast as they are answered. @param frames that are posted again and again, in turn */
export async function measureSustained(
  url: string,
  id: string,
  frames: readonly Uint8Array[],
  count: number,
  dedup: boolean,
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
  for (let done = 0; done < count; done += atOnce) {
    const batch = Array.from({ length: Math.min(atOnce, count - done) }, (_, i) => done + i);
    await Promise.all(
      batch.map((index) =>
        camera.post(frames[index % frames.length] ?? new Uint8Array(), index * 1000 + 1e12),
      ),
    );
    if (done <= early) afterTenth = useOfWorkerd();
    onFrame(done + batch.length, count);
  }
  const after = useOfWorkerd();
  if (before === null || after === null || afterTenth === null) {
    return { frames: count, framesPerCpuSecond: null, rssGrowthBytes: null };
  }
  return {
    frames: count,
    framesPerCpuSecond: (count * 1000) / Math.max(1, after.cpuMs - before.cpuMs),
    rssGrowthBytes: after.rssBytes - afterTenth.rssBytes,
  };
}
