import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { drawPng } from "../../fixtures/png.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { leastContrast, scrollsSideways } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser, testCamera, visit } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

const photo = {
  name: "left-is-red.png",
  mimeType: "image/png",
  // wider than high: the model sees its middle
  buffer: Buffer.from(drawPng(120, 60, (x) => (x < 66 ? [255, 0, 0] : [0, 0, 255]))),
};
const phone: BrowserContextOptions = {
  viewport: { width: 360, height: 740 },
  isMobile: true,
  hasTouch: true,
};

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;
let first: HandMadeBundle;
let second: HandMadeBundle;

beforeAll(async () => {
  if (chromiumPath === undefined) return;
  browser = await openBrowser(testCamera);
  workers = await openConsoleWorkers();
  worker = await workers.start("colours");
  first = await handMadeBundle({
    model: "colours",
    editManifest: (manifest) => {
      manifest.thresholds = [0.9, 0.2, 0.3];
      const { metrics } = manifest;
      const bundle = { ...metrics?.bundle, images: 378, top1Accuracy: 0.984, macroF1: 0.98312 };
      manifest.metrics = metrics && { ...metrics, bundle: { ...metrics.bundle, ...bundle } };
    },
  });
  second = await handMadeBundle({ model: "colours", seed: 2, labels: ["rot", "grün", "blau"] });
  for (const bundle of [first, second]) await putVersion(worker.bucket, bundle);
  await putAlias(worker.bucket, first);
  await putAlias(worker.bucket, second, "challenger");
});

afterAll(async () => {
  await browser?.close();
  await workers?.stop();
});

beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));

async function answered(page: Page, label: string): Promise<void> {
  await page.locator("#top-label", { hasText: label }).waitFor();
}

describe("the map over the photo", () => {
  it("lies on it exactly, strongest where the class is", async () => {
    await visit(browser, worker.url, async ({ page, complaints }) => {
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      expect(await page.locator("#overlay").isVisible()).toBe(false);
      await page.getByLabel("Show where the model looks").check();
      const overlay = page.getByRole("img", { name: "Where the model sees red: the brighter, the more" });
      await overlay.waitFor();

      const [map, under] = await page.evaluate<[unknown, unknown]>(boxes);
      expect(map).toEqual(under);
      const opacityAt = await page.evaluate<number[]>(opacities);
      // of the width: outside the model's square, its red half, its blue half
      expect(opacityAt[0]).toBe(0);
      expect(opacityAt[1]).toBeGreaterThan(120);
      expect(opacityAt[2]).toBe(0);
      expect(complaints).toEqual([]);
    });
  });

  it("says so where the model has none, and shows its answer", async () => {
    const plain = await handMadeBundle({
      model: "plain",
      editManifest: (manifest) => (manifest.outputs = { logits: manifest.outputs.logits }),
    });
    const served = await workers.start("plain");
    await putVersion(served.bucket, plain);
    await putAlias(served.bucket, plain);
    await visit(browser, served.url, async ({ page }) => {
      await page.getByLabel("Show where the model looks").check();
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      expect(await page.locator("#explain-note").textContent()).toBe("This model has no such map.");
      expect(await page.locator("#overlay").isVisible()).toBe(false);
    });
  });
});

describe("models and versions", () => {
  it("lists aliases and versions with their metrics, and asks the one that is chosen", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      const list = page.getByRole("group", { name: "The model, alias or version that answers" });
      await list.getByLabel("colours · champion").waitFor();
      const text = (await list.textContent()) ?? "";
      expect(text).toContain(
        `${first.manifest.version}: top-1 98.4 %, macro F1 0.983, ECE 0.000 on 378 test images`,
      );
      expect(text).toContain(`colours · ${second.manifest.version}`);

      await list.getByLabel("colours · challenger").check();
      await answered(page, "rot");
      expect(await page.locator("#facts").textContent()).toContain(second.manifest.version);
      expect(await page.locator("#curl").textContent()).toContain(
        "/models/colours/classify?topK=10&alias=challenger",
      );
      await list.getByLabel("What serves").check();
      await answered(page, "red");
    });
  });

  it("marks the threshold of every class on its bar, and names that of the top class", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      await page.locator("#bars .mark").nth(2).waitFor();
      const marks = await page.evaluate(
        `[...document.querySelectorAll("#bars li")].map((bar) => [bar.dataset.classIndex, bar.querySelector(".mark").style.getPropertyValue("--threshold")])`,
      );
      expect(new Map(marks as [string, string][])).toEqual(
        new Map([
          ["0", "0.9"],
          ["1", "0.2"],
          ["2", "0.3"],
        ]),
      );
      expect(await page.locator("#facts").textContent()).toContain("Threshold90.0 % for red");
    });
  });

  it("tells how many classifications the server answers per second", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      await page.evaluate(`document.dispatchEvent(new Event("visibilitychange"))`);
      const rate = page.locator("#server-rate", { hasText: "per second" });
      await rate.waitFor();
      expect(await rate.textContent()).toMatch(
        /^This server answers [\d.]+ classifications per second, \d+ /,
      );
    });
  });
});

describe("the live camera", () => {
  it("classifies frame after frame, tells answers per second and round trip, and keeps the last frame", async () => {
    await visit(browser, worker.url, async ({ page, complaints, requests }) => {
      const button = page.getByRole("button", { name: "Live camera" });
      await button.focus();
      await page.keyboard.press("Enter");
      await page
        .locator("#rates", { hasText: /Answers per second\d+\.\dRound trip, median[\d.]+ m?s/ })
        .waitFor();
      for (let answer = 0; answer < 3; answer++) await page.waitForResponse(/\/classify/);
      expect(await page.locator("#video").isVisible()).toBe(true);
      expect(await button.getAttribute("aria-pressed")).toBe("true");
      expect(await page.locator("#history-list button").count()).toBe(0);

      await page.keyboard.press("Enter");
      await page.locator("#preview-name", { hasText: "frame of the camera" }).waitFor();
      expect(await button.getAttribute("aria-pressed")).toBe("false");
      expect(await page.locator("#video").isVisible()).toBe(false);
      const asked = requests.filter((url) => url.pathname === "/classify").length;
      await page.setInputFiles("#choose-file", photo);
      await answered(page, "red");
      expect(requests.filter((url) => url.pathname === "/classify")).toHaveLength(asked + 1);
      expect(complaints).toEqual([]);
    });
  });

  it("says what to do where the camera is not allowed", async () => {
    await visit(browser, worker.url, async ({ page }) => {
      await page.evaluate(
        `navigator.mediaDevices.getUserMedia = () => Promise.reject(new DOMException("denied", "NotAllowedError"))`,
      );
      await page.getByRole("button", { name: "Live camera" }).click();
      await page.locator("#problem-title", { hasText: "There is no camera" }).waitFor();
      expect(await page.locator(".problem").textContent()).toContain("Allow this page to use the camera");
    });
  });
});

describe("the console for everybody", () => {
  it.each<readonly [string, BrowserContextOptions]>([
    ["a phone", phone],
    ["a phone in the dark", { ...phone, colorScheme: "dark" }],
    ["a desktop", { viewport: { width: 1280, height: 900 } }],
  ])("has nothing that axe-core finds wrong, on %s, empty and with an answer", async (_, options) => {
    await visit(
      browser,
      worker.url,
      async ({ page }) => {
        await page.locator("#models").waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        await page.getByLabel("Show where the model looks").check();
        await page.setInputFiles("#choose-file", photo);
        await page.locator("#overlay:not([hidden])").waitFor();
        expect(await accessibilityFaults(page)).toEqual([]);
        expect(await page.evaluate(scrollsSideways)).toBe(false);
        expect((await page.evaluate<{ ratio: number }>(leastContrast)).ratio).toBeGreaterThanOrEqual(4.5);
      },
      { ...options, bypassCSP: true },
    );
  });
});

/** Where the overlay and the photo lie, read at one moment. */
const boxes = `["overlay", "preview-image"].map((id) => document.getElementById(id).getBoundingClientRect().toJSON())`;

/** Opacity of the overlay at 10 %, 40 % and 70 % of its width, half way down. */
const opacities = `(async () => {
  const overlay = document.getElementById("overlay");
  await overlay.decode();
  const canvas = new OffscreenCanvas(100, 50);
  const context = canvas.getContext("2d");
  context.drawImage(overlay, 0, 0, 100, 50);
  return [10, 40, 70].map((x) => context.getImageData(x, 25, 1, 1).data[3]);
})()`;
