import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { isInView, scrollsSideways } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser, visit } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

const red = { name: "red.png", mimeType: "image/png", buffer: Buffer.from(solidPng(40, 30, [255, 0, 0])) };

describe("the console of a Worker that needs API keys", () => {
  let browser: Browser;
  let workers: ConsoleWorkers;
  let worker: LocalWorker;
  let app: TestKey;

  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await openBrowser();
    workers = await openConsoleWorkers();
    worker = await workers.start("colours", { open: false });
    const bundle = await handMadeBundle({ model: "colours" });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    app = await testKey("0000000c");
    await putKeys(worker.bucket, app);
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
  });

  beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

  it("asks for a key, again for a wrong one, and classifies with the right one", async () => {
    await visit(browser, worker.url, async ({ page, complaints }) => {
      const form = page.getByRole("form", { name: "API key" });
      await page.setInputFiles("#choose-file", red);
      await form.getByText("this needs an API key", { exact: false }).waitFor();

      await page.getByLabel("Key", { exact: true }).fill("ew_0000000c_wrong");
      await page.keyboard.press("Enter");
      await form.getByText("unknown, revoked or expired", { exact: false }).waitFor();
      await page.getByLabel("Key", { exact: true }).fill(app.key);
      await page.keyboard.press("Enter");
      await page.locator("#top-label", { hasText: "red" }).waitFor();

      await form.waitFor({ state: "hidden" });
      expect(await page.locator("#curl").textContent()).toContain("Bearer YOUR_KEY");
      expect(await page.content()).not.toContain(app.key);
      expect(await page.evaluate("JSON.stringify(localStorage) + location.href")).not.toContain(app.key);
      // the browser tells of refusals by itself, the last of /metrics; a breach of the security policy would be told, too
      expect(complaints.filter((line) => !/status of 40[13]/.test(line))).toEqual([]);
    });
  });

  it("does not ask again when a refusal of the key before comes late", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      const form = page.getByRole("form", { name: "API key" });
      const held = Promise.withResolvers<void>();
      const refused = Promise.withResolvers<void>();
      await page.route("**/models", async (route) => {
        const isWrong = (await route.request().allHeaders())["authorization"]?.endsWith("wrong");
        if (isWrong) await held.promise;
        await route.continue();
        if (isWrong) refused.resolve();
      });
      await page.setInputFiles("#choose-file", red);
      await form.waitFor();
      const key = page.getByLabel("Key", { exact: true });
      await key.fill("ew_0000000c_wrong");
      await page.keyboard.press("Enter");
      await form.getByText("unknown, revoked or expired", { exact: false }).waitFor();
      await key.fill(app.key);
      await page.keyboard.press("Enter");
      await page.locator("#top-label", { hasText: "red" }).waitFor();

      const late = page.waitForEvent(
        "requestfinished",
        async (request) => (await request.response())?.status() === 401,
      );
      held.resolve();
      await Promise.all([refused.promise, late]);
      // one turn of the page after the answer: it has read its body by then
      await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))");
      expect(await form.isVisible()).toBe(false);
    });
  });

  it("shows what asks for the key on a phone, where the answer lies far below it, for everybody", async () => {
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true, bypassCSP: true };
    await visit(
      browser,
      worker.url,
      async ({ page }) => {
        // the list of models asked for a key already
        await page.getByRole("form", { name: "API key" }).waitFor();
        await page.setInputFiles("#choose-file", {
          ...red,
          buffer: Buffer.from(solidPng(300, 400, [255, 0, 0])),
        });
        await page.locator(".problem").waitFor();
        expect(await page.evaluate(isInView("key-form"))).toBe(true);
        expect(await accessibilityFaults(page)).toEqual([]);
        expect(await page.evaluate(scrollsSideways)).toBe(false);
      },
      phone,
    );
  });

  it("has no key in another tab", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", red);
      await page.getByRole("form", { name: "API key" }).waitFor();

      expect(await page.evaluate("sessionStorage.length")).toBe(0);
    });
  });
});
