import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { leastContrast, scrollsSideways } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await openBrowser();
  workers = await openConsoleWorkers();
  worker = await workers.start("nobody");
});

afterAll(async () => {
  await browser?.close();
  await workers?.stop();
});

beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

async function visitDocs(
  use: (page: Page, complaints: readonly string[]) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${worker.url}/docs`);
    await page.locator(".operation").first().waitFor();
    await use(page, complaints);
  } finally {
    await context.close();
  }
}

describe("/docs", () => {
  it("draws every operation and every schema of openapi.json, and complains of nothing", async () => {
    const api: { paths: Record<string, Record<string, unknown>>; components: { schemas: object } } = (await (
      await fetch(`${worker.url}/openapi.json`)
    ).json()) as never;
    const operations = Object.entries(api.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    await visitDocs(async (page, complaints) => {
      const drawn: string[] = await page.evaluate(
        `[...document.querySelectorAll("section.operation")].map((node) => node.ariaLabel)`,
      );
      // The page puts the operations of a path beside each other.
      expect(drawn.toSorted()).toEqual([...operations, ...Object.keys(api.components.schemas)].toSorted());
      expect(complaints).toEqual([]);
    });
  });

  it("links only to what is there", async () => {
    await visitDocs(async (page) => {
      const broken = await page.evaluate(
        `[...document.querySelectorAll("a[href^='#']")].map((link) => link.hash.slice(1)).filter((id) => !document.getElementById(id))`,
      );
      expect(broken).toEqual([]);
    });
  });

  it.each([
    ["a phone", { viewport: { width: 360, height: 740 }, isMobile: true, hasTouch: true }],
    ["a desktop in the dark", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" as const }],
  ])("fits %s, readable for everybody", async (_, options) => {
    await visitDocs(
      async (page) => {
        expect(await page.evaluate(scrollsSideways)).toBe(false);
        const { ratio } = await page.evaluate<{ ratio: number }>(leastContrast);
        expect(ratio).toBeGreaterThanOrEqual(4.5);
        expect(await accessibilityFaults(page)).toEqual([]);
      },
      { ...options, bypassCSP: true },
    );
  });

  it("says so when the document cannot be read", async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.route("**/openapi.json", (route) => route.abort());
    await page.goto(`${worker.url}/docs`);
    await page.getByRole("alert").waitFor();
    expect(await page.getByRole("alert").textContent()).toContain("openapi.json cannot be read");
    await context.close();
  });
});
