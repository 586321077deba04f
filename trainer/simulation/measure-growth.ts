import type { HeapProbe } from "./live-heap.ts";
import { useOfWorkerd } from "./workerd-process.ts";

/** What requests make workerd use and keep. */
export interface Growth {
  /** Milliseconds of processor time of all of them; `null`, as the next one, where the machine does not tell. */
  readonly cpuMs: number | null;
  /** How much larger workerd was at the end than after the first tenth, in bytes. */
  readonly rssGrowthBytes: number | null;
  /** How much more the Worker's heap held in the last tenth than in the second, the least of each, in bytes. */
  readonly heapGrowthBytes: number;
}

const atOnce = 4;
/** Garbage comes and goes: the least of many samples is what is held. */
const heapSamples = 400;

/** Does something again and again, a few at a time. @param work given the number of the request, from 0 */
export async function measureGrowth(
  count: number,
  heap: HeapProbe,
  work: (index: number) => Promise<unknown>,
  onDone: (done: number) => void,
): Promise<Growth> {
  const before = useOfWorkerd();
  let afterTenth = before;
  const held = { early: Infinity, late: Infinity };
  const sampleEvery = Math.max(atOnce, Math.floor(count / heapSamples / atOnce) * atOnce);
  for (let done = 0; done < count; done += atOnce) {
    await Promise.all(Array.from({ length: Math.min(atOnce, count - done) }, (_, i) => work(done + i)));
    const tenth = Math.floor((done * 10) / count);
    if (tenth === 0) afterTenth = useOfWorkerd();
    if (done % sampleEvery === 0 && (tenth === 1 || tenth === 9)) {
      const part = tenth === 1 ? "early" : "late";
      held[part] = Math.min(held[part], await heap.usedBytes());
    }
    onDone(Math.min(count, done + atOnce));
  }
  const after = useOfWorkerd();
  const heapGrowthBytes = Number.isFinite(held.late - held.early) ? held.late - held.early : 0;
  if (before === null || afterTenth === null || after === null) {
    return { cpuMs: null, rssGrowthBytes: null, heapGrowthBytes };
  }
  const rssGrowthBytes = after.rssBytes - afterTenth.rssBytes;
  return { cpuMs: after.cpuMs - before.cpuMs, rssGrowthBytes, heapGrowthBytes };
}
