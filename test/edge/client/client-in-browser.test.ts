import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ClassifyAnswer } from "../../../shared/contract/classify.ts";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { chromiumPath, noChromium, openBrowser } from "../console/chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "../console/console-worker.ts";

/** What the page sent, and what it was answered. */
interface Sent {
  readonly originalBytes: number;
  readonly sentBytes: number;
  readonly answer: ClassifyAnswer;
}

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;
let script: string;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await openBrowser();
  workers = await openConsoleWorkers();
  worker = await workers.start("colours");
  const bundle = await handMadeBundle({ model: "colours" });
  await putVersion(worker.bucket, bundle);
  await putAlias(worker.bucket, bundle);
  const entry = fileURLToPath(new URL("../../../edge/client/client.ts", import.meta.url));
  const built = await build({
    entryPoints: [entry],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    globalName: "edgewise",
    target: "es2022",
  });
  script = built.outputFiles[0]?.text ?? "";
});

afterAll(async () => {
  await browser?.close();
  await workers?.stop();
});

beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

/** Draws a noisy picture, red above all, of 3000x2000 px, and classifies it. @param options of the call, as JavaScript */
async function classifyLarge(options: string): Promise<Sent> {
  const context = await browser.newContext({ bypassCSP: true });
  try {
    const page = await context.newPage();
    await page.goto(`${worker.url}/health/live`);
    await page.addScriptTag({ content: script });
    return await page.evaluate<Sent>(`(async () => {
      const canvas = new OffscreenCanvas(3000, 2000);
      const context = canvas.getContext("2d");
      for (let i = 0; i < 20000; i++) {
        context.fillStyle = "rgb(" + (155 + (i * 37) % 101) + " " + (i * 13) % 60 + " " + (i * 29) % 60 + ")";
        context.fillRect((i * 7919) % 3000, (i * 104729) % 2000, 60, 60);
      }
      const photo = await canvas.convertToBlob({ type: "image/jpeg", quality: 0.95 });
      let sentBytes = 0;
      const client = edgewise.createClient({
        url: location.origin,
        fetch: (url, init) => {
          sentBytes = init.body.size;
          return fetch(url, init);
        },
      });
      const answer = await client.classify(photo, ${options});
      return { originalBytes: photo.size, sentBytes, answer };
    })()`);
  } finally {
    await context.close();
  }
}

describe("the client in a browser", () => {
  it("is small, and bundles nothing of the server", () => {
    expect(script.length).toBeLessThan(8_000);
    expect(script).not.toMatch(/zod|hono|tensor/i);
  });

  it("sends a large photo smaller, and gets the same class", async () => {
    const small = await classifyLarge("{}");
    const whole = await classifyLarge("{ longestSide: null }");

    expect(small.sentBytes).toBeLessThan(small.originalBytes / 3);
    expect(whole.sentBytes).toBe(whole.originalBytes);
    expect(small.answer.predictions[0]?.label).toBe("red");
    const [a = 0, b = 1] = [small, whole].map(({ answer }) => answer.predictions[0]?.probability);
    expect(Math.abs(a - b)).toBeLessThan(0.02);
  });
});
