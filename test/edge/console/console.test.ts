import { readFileSync } from "node:fs";
import type { Browser, Locator, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { countObjectUrls, fileTransfer } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser, visit } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

interface Photo {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

const red: Photo = {
  name: "red.png",
  mimeType: "image/png",
  buffer: Buffer.from(solidPng(40, 30, [255, 0, 0])),
};
const blue: Photo = {
  name: "it's blue.png",
  mimeType: "image/png",
  buffer: Buffer.from(solidPng(40, 30, [0, 0, 255])),
};

const choose = (page: Page, photo: Photo): Promise<void> => page.setInputFiles("#choose-file", photo);
const topLabel = (page: Page, label: string): Locator => page.locator("#top-label", { hasText: label });
const takeButton = (page: Page): Locator => page.getByRole("button", { name: "Take a photo" });

describe("the console page", () => {
  let browser: Browser;
  let workers: ConsoleWorkers;
  let worker: LocalWorker;
  let version: string;

  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await openBrowser();
    workers = await openConsoleWorkers();
    worker = await workers.start("colours");
    const bundle = await handMadeBundle({ model: "colours" });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    version = bundle.manifest.version;
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
  });

  beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

  it("shows which version serves", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      expect(await page.locator("#served-text").textContent()).toBe(`colours · champion · ${version}`);
      expect(await page.locator("#served").getAttribute("data-health")).toBe("ready");
    });
  });

  it("shows a photo's classes as bars, the most probable first, with version, request and round trip", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await choose(page, red);
      await topLabel(page, "red").waitFor();

      const bars = await page.locator("#bars li").allTextContents();
      expect(bars).toHaveLength(3);
      expect(bars[0]).toMatch(/^red[\d.]+ %$/);
      expect(await page.evaluate(`document.querySelector("#bars .fill").offsetWidth`)).toBeGreaterThan(0);
      const facts = await page.locator("#facts").textContent();
      expect(facts).toContain(version);
      expect(facts).toMatch(/Round trip[\d.]+ m?s, \d+(\.\d)? KB sent/);
      expect(facts).toMatch(/Request[\w-]{8,}/);
      await page.getByRole("img", { name: "Your photo red.png" }).waitFor();
    });
  });

  it("says the answer in a live region and takes the busy mark away", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await choose(page, red);
      await page
        .getByRole("status")
        .filter({ hasText: /^red, .* Answered in [\d.]+ m?s\.$/ })
        .waitFor();
      expect(await page.getByRole("region", { name: "Answer" }).getAttribute("aria-busy")).toBe("false");
    });
  });

  it("takes a dropped photo wherever it falls, and a pasted one", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      const dropped = await page.evaluateHandle(fileTransfer("red.png", "image/png", red.buffer));
      await page.dispatchEvent("footer", "drop", { dataTransfer: dropped });
      await topLabel(page, "red").waitFor();

      const transfer = fileTransfer("blue.png", "image/png", blue.buffer);
      await page.evaluate(
        `document.dispatchEvent(new ClipboardEvent("paste", { clipboardData: ${transfer} }))`,
      );
      await topLabel(page, "blue").waitFor();
      expect(await page.locator("#preview-name").textContent()).toMatch(/^blue\.png · /);
    });
  });

  it("opens the file dialog from the keyboard", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.keyboard.press("Tab");
      const dialog = page.waitForEvent("filechooser");
      await page.keyboard.press("Enter");
      await (await dialog).setFiles(red);
      await topLabel(page, "red").waitFor();
      expect(await page.locator("#preview-name").textContent()).toMatch(/^red\.png · /);
    });
  });

  it("offers the camera on a phone only", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      expect(await takeButton(page).isVisible()).toBe(false);
    });
    const phone = { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true };
    await visit(
      browser,
      worker.url,
      async ({ page }) => {
        expect(await takeButton(page).isVisible()).toBe(true);
        expect(await page.locator("#take-file").getAttribute("capture")).toBe("environment");
      },
      phone,
    );
  });

  it("gives a curl command that a shell reads right and the API answers", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await choose(page, blue);
      await topLabel(page, "blue").waitFor();
      await page.getByText("The same with curl").click();
      expect(await page.locator("#curl").textContent()).toBe(
        String.raw`curl --data-binary '@it'\''s blue.png' -H 'content-type: image/png' '${worker.url}/classify?topK=10'`,
      );
      const answer = JSON.parse((await page.locator("#json").textContent()) ?? "");
      expect(answer).toMatchObject({ model: "colours", version, predictions: [{ label: "blue" }, {}, {}] });
    });
  });

  it("goes back to an earlier photo without asking again", async () => {
    await visit(browser, worker.url, async ({ page, requests }) => {
      await choose(page, red);
      await topLabel(page, "red").waitFor();
      await choose(page, blue);
      await topLabel(page, "blue").waitFor();
      const earlier = page.getByRole("listitem").getByRole("button", { name: /^red/ });
      await earlier.focus();
      await page.keyboard.press("Enter");

      await topLabel(page, "red").waitFor();
      expect(await earlier.getAttribute("aria-current")).toBe("true");
      expect(await page.evaluate("document.activeElement.ariaCurrent")).toBe("true");
      expect(requests.filter((url) => url.pathname === "/classify")).toHaveLength(2);
    });
  });

  it("frees the memory of photos that leave the history", async () => {
    await visit(browser, worker.url, async ({ page, context }) => {
      await context.addInitScript(countObjectUrls);
      await page.reload();
      for (let photo = 0; photo < 11; photo++) {
        await choose(page, { ...red, name: `photo-${photo}.png` });
        await page.locator("#preview-name", { hasText: `photo-${photo}.png` }).waitFor();
        await page.locator("#answer[aria-busy=false] #top-label").waitFor();
      }
      expect(await page.locator("#history-list button").count()).toBe(8);
      expect(await page.evaluate("liveObjectUrls.size")).toBe(8);
    });
  });

  it("loads nothing from elsewhere, runs nothing inline, complains of nothing", async () => {
    await visit(browser, worker.url, async ({ page, complaints, requests }) => {
      await choose(page, red);
      await topLabel(page, "red").waitFor();

      const origins = new Set(
        requests
          .filter((url) => url.protocol !== "blob:" && url.protocol !== "data:")
          .map((url) => url.origin),
      );
      expect([...origins]).toEqual([worker.url]);
      expect(complaints).toEqual([]);
      const policy = (await fetch(worker.url)).headers.get("content-security-policy");
      expect(policy).toContain("default-src 'none'");
      expect(policy).not.toContain("unsafe");
      expect(readFileSync(new URL("../../../edge/console/index.html", import.meta.url), "utf8")).not.toMatch(
        /\son\w+=|\sstyle=|<style|<script(?![^>]*\ssrc=)/,
      );
    });
  });
});
