import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { useOfWorkerd } from "./workerd-process.ts";

const atOnce = 4;
const oneLine = 'export default { fetch: () => new Response("ok") };';

/**
 * How much larger workerd gets by itself: answering requests by a Worker of one line, from the first tenth of them on.
 * What a Worker of ours adds is what goes beyond it.
 * @returns bytes, `null` where the machine does not tell
 */
export async function measureRuntimeGrowth(requests: number): Promise<number | null> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      workers: [{ name: "one-line", modules: true, script: oneLine, compatibilityDate: "2026-01-01" }],
      host: "127.0.0.1",
      port: 0,
      cf: false,
      telemetry: { enabled: false },
      log: new Log(LogLevel.ERROR),
    }),
  );
  try {
    const url = await miniflare.ready;
    let afterTenth = useOfWorkerd();
    for (let done = 0; done < requests; done += atOnce) {
      await Promise.all(Array.from({ length: atOnce }, async () => (await fetch(url)).text()));
      if (done <= requests / 10) afterTenth = useOfWorkerd();
    }
    const after = useOfWorkerd();
    return after === null || afterTenth === null ? null : after.rssBytes - afterTenth.rssBytes;
  } finally {
    await miniflare.dispose();
  }
}
