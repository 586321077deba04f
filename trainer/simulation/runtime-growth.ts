import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { openHeapProbe } from "./live-heap.ts";
import { type Growth, measureGrowth } from "./measure-growth.ts";

const name = "one-line";
const oneLine = 'export default { fetch: () => new Response("ok") };';

/**
 * How much larger workerd and a heap in it get by themselves: answering requests by a Worker of one line. What a Worker
 * of ours keeps is what goes beyond it.
 */
export async function measureRuntimeGrowth(requests: number): Promise<Omit<Growth, "cpuMs">> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [{ name, modules: true, script: oneLine, compatibilityDate: "2026-01-01" }],
      host: "127.0.0.1",
      port: 0,
      inspectorPort: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.ERROR),
    }),
  );
  try {
    const url = await miniflare.ready;
    const heap = await openHeapProbe(await miniflare.getInspectorURL(), name);
    const ask = async (): Promise<string> => (await fetch(url)).text();
    const { rssGrowthBytes, heapGrowthBytes } = await measureGrowth(requests, heap, ask, () => undefined);
    heap.close();
    return { rssGrowthBytes, heapGrowthBytes };
  } finally {
    await miniflare.dispose();
  }
}
