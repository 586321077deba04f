import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type HandMadeOptions,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { leastContrast, scrollsSideways } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser, visit } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

const hostileLabel = "<img src=x onerror=alert(1)>";
const red = { name: "red.png", mimeType: "image/png", buffer: Buffer.from(solidPng(40, 30, [255, 0, 0])) };
const pdf = { name: "letter.pdf", mimeType: "application/pdf", buffer: Buffer.from("%PDF-1.7\n") };
const cut = { name: "cut.png", mimeType: "image/png", buffer: red.buffer.subarray(0, 100) };
const large = { name: "large.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(15_000_001, 1) };

const phone: BrowserContextOptions = {
  viewport: { width: 320, height: 640 },
  isMobile: true,
  hasTouch: true,
};

describe("the console page's states", () => {
  let browser: Browser;
  let workers: ConsoleWorkers;
  let worker: LocalWorker;

  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await openBrowser();
    workers = await openConsoleWorkers();
    worker = await serve("colours", { labels: [hostileLabel, "green", "blue"] });
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
  });

  beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

  async function serve(model: string, options: HandMadeOptions = {}): Promise<LocalWorker> {
    const started = await workers.start(model);
    await promote(started, await handMadeBundle({ ...options, model }));
    return started;
  }

  it("tells what is no image, and what to do", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", pdf);
      const problem = await shownProblem(page);
      expect(problem).toContain("Unsupported media type");
      expect(problem).toContain("PDF");
      expect(problem).toContain("Choose another photo");
      expect(problem).toMatch(/HTTP 415 · request [\w-]{8,}/);
      expect(await page.getByRole("status").textContent()).toContain("Unsupported media type");
    });
  });

  it("tells that a file is cut short", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", cut);
      const problem = await shownProblem(page);
      expect(problem).toContain("Image does not decode");
      expect(problem).toContain("HTTP 400");
      expect(await page.getByRole("button", { name: "Try again" }).isVisible()).toBe(false);
    });
  });

  it("refuses a file over 15 MB, and an empty one, before anything is sent", async () => {
    await visit(browser, worker.url, async ({ page, requests }) => {
      await page.setInputFiles("#choose-file", large);
      expect(await shownProblem(page)).toContain(`"large.jpg" is 15.0 MB; the limit is 15.0 MB.`);
      await page.setInputFiles("#choose-file", { ...red, buffer: Buffer.alloc(0) });
      await page.locator("#problem-title", { hasText: "This file is empty" }).waitFor();
      expect(requests.filter((url) => url.pathname === "/classify")).toEqual([]);
    });
  });

  it("says when the server is out of reach, and tries again when asked", async () => {
    await visit(browser, worker.url, async ({ page, context }) => {
      await context.setOffline(true);
      await page.setInputFiles("#choose-file", red);
      expect(await shownProblem(page)).toContain("This device is offline.");
      await page.locator("#served[data-health=unreachable]").waitFor();
      await context.setOffline(false);
      await page.getByRole("button", { name: "Try again" }).click();
      await page.locator("#top-percent", { hasText: "%" }).waitFor();
      expect(await page.locator(".problem").isVisible()).toBe(false);
    });
  });

  it("bears an answer that is not ours", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.route("**/classify*", (route) =>
        route.fulfill({ status: 502, body: "<h1>Bad gateway</h1>" }),
      );
      await page.setInputFiles("#choose-file", red);
      expect(await shownProblem(page)).toContain("It answered HTTP 502 without saying why.");
    });
  });

  it("shows the answer of the last photo only", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      const held = Promise.withResolvers<void>();
      let asked = 0;
      await page.route("**/classify*", async (route) => {
        if (asked++ === 0) await held.promise;
        // the page has cancelled the first by then, which leaves nothing to continue
        await route.continue().catch(() => undefined);
      });
      await page.setInputFiles("#choose-file", { ...red, name: "first.png" });
      await page.locator("#answer[aria-busy=true]").waitFor();
      await page.setInputFiles("#choose-file", { ...red, name: "second.png", buffer: blueBytes() });
      await page.locator("#top-label", { hasText: "blue" }).waitFor();
      held.resolve();
      await page.getByRole("button", { name: "Choose a photo" }).focus();
      expect(await page.locator("#top-label").textContent()).toBe("blue");
      expect(await page.locator("#history-list button").count()).toBe(1);
    });
  });

  it("shows a label as text whatever it holds", async () => {
    await visit(browser, worker.url, async ({ page, complaints }) => {
      await page.setInputFiles("#choose-file", red);
      await page.locator("#top-label", { hasText: hostileLabel }).waitFor();
      expect(await page.locator("#bars img, #answer img").count()).toBe(0);
      expect(complaints).toEqual([]);
    });
  });

  it("says that a photo is none of the classes, and which one is nearest", async () => {
    const unsure = await serve("unsure", {
      editManifest: (manifest) => {
        manifest.unknown = { rule: "max-probability", threshold: 1 };
      },
    });
    await visit(browser, unsure.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", red);
      await page.locator("#top-label", { hasText: "None of the known classes" }).waitFor();
      expect(await page.locator("#top-note").textContent()).toMatch(/^The nearest class is red, at /);
    });
  });

  it("marks an answer below its threshold as a guess", async () => {
    const doubtful = await serve("doubtful", {
      editManifest: (manifest) => {
        manifest.thresholds = [1, 1, 1];
      },
    });
    await visit(browser, doubtful.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", red);
      await page.locator("#top-label", { hasText: "red" }).waitFor();
      expect(await page.locator("#top-note").textContent()).toContain("take it as a guess");
    });
  });

  it("says that no model serves, and a photo is answered so", async () => {
    const empty = await workers.start("absent");
    await visit(browser, empty.url, async ({ page }) => {
      expect(await page.locator("#served-text").textContent()).toBe("No model is served");
      expect(await page.getByRole("alert").textContent()).toContain("absent");
      await page.setInputFiles("#choose-file", red);
      expect(await shownProblem(page)).toContain("Publish and promote a model");
    });
  });

  it("tells which version was refused while the one before serves", async () => {
    const careful = await serve("careful");
    const first = await ready(careful);
    const broken = await handMadeBundle({ model: "careful", seed: 2 });
    await promote(careful, broken);
    const [shard] = [...broken.files.keys()].filter((path) => path.endsWith(".bin"));
    const { version } = broken.manifest;
    await careful.bucket.put(objectKeys.versionFile("careful", version, shard ?? ""), Buffer.alloc(4));
    await expect.poll(() => ready(careful)).toMatchObject({ version: first.version, refused: [{ version }] });
    await visit(browser, careful.url, async ({ page }) => {
      expect(await page.locator("#served").getAttribute("data-health")).toBe("warned");
      expect(await page.locator("#served-text").textContent()).toContain(first.version);
      expect(await page.getByRole("alert").textContent()).toContain(`Version ${version} was refused`);
    });
  });

  it.each(["light", "dark"] as const)(
    "is readable in %s colours: 4.5 to 1 or more for every text",
    async (colorScheme) => {
      await visit(
        browser,
        worker.url,
        async ({ page }) => {
          expect(await page.evaluate(leastContrast)).toHaveProperty("ratio", atLeast(4.5));
          await page.setInputFiles("#choose-file", red);
          await page.locator("#top-percent", { hasText: "%" }).waitFor();
          await page.locator("details").evaluateAll("(all) => all.forEach((one) => { one.open = true; })");
          expect(await page.evaluate(leastContrast)).toHaveProperty("ratio", atLeast(4.5));
          await page.setInputFiles("#choose-file", pdf);
          await shownProblem(page);
          expect(await page.evaluate(leastContrast)).toHaveProperty("ratio", atLeast(4.5));
        },
        { colorScheme },
      );
    },
  );

  it("fits a phone of 320 px without scrolling sideways", async () => {
    await visit(
      browser,
      worker.url,
      async ({ page }) => {
        expect(await page.evaluate(scrollsSideways)).toBe(false);
        await page.setInputFiles("#choose-file", red);
        await page.locator("#top-percent", { hasText: "%" }).waitFor();
        await page.getByText("The answer as JSON").click();
        expect(await page.evaluate(scrollsSideways)).toBe(false);
      },
      phone,
    );
  });
});

async function promote(worker: LocalWorker, bundle: HandMadeBundle): Promise<void> {
  await putVersion(worker.bucket, bundle);
  await putAlias(worker.bucket, bundle);
}

async function ready(worker: LocalWorker): Promise<{ version: string }> {
  const response = await fetch(`${worker.url}/health/ready`);
  return (await response.json()) as { version: string };
}

async function shownProblem(page: Page): Promise<string> {
  const problem = page.locator(".problem");
  await problem.waitFor();
  return problem.innerText();
}

function blueBytes(): Buffer {
  return Buffer.from(solidPng(40, 30, [0, 0, 255]));
}

function atLeast(least: number): unknown {
  return expect.toSatisfy((value: number) => value >= least, `at least ${least}`);
}
