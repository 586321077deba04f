import { readFileSync } from "node:fs";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { feedbackDay, type FeedbackRecord, parseFeedbackRecord } from "../../../shared/contract/feedback.ts";
import { objectKeys } from "../../../shared/contract/object-keys.ts";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  putAlias,
  putVersion,
} from "../../fixtures/hand-made-bundle.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { leastContrast, scrollsSideways } from "./browser-scripts.ts";
import { chromiumPath, noChromium, openBrowser } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

const model = "colours";
const photo = new Uint8Array(
  readFileSync(new URL("../../fixtures/images/baseline-444.jpg", import.meta.url)),
);
const idOf = (number: number): string => `20260131-${String(number).padStart(32, "0")}`;

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;
let bundle: HandMadeBundle;
let admin: TestKey;

async function put(number: number, changed: Partial<FeedbackRecord> = {}): Promise<void> {
  const id = idOf(number);
  const day = feedbackDay(id);
  const record: FeedbackRecord = {
    schemaVersion: 1,
    id,
    model,
    source: "uncertain",
    status: "quarantined",
    label: null,
    answer: {
      version: bundle.manifest.version,
      top: { label: "green", classIndex: 1, probability: 0.41 },
      unknown: false,
    },
    image: { format: "jpeg", bytes: photo.length, sha256: "0".repeat(64), perceptualHash: "0".repeat(16) },
    keyId: null,
    createdAt: "2026-01-31T00:00:00Z",
    expiresAt: "2999-01-01T00:00:00Z",
    ...changed,
  };
  await worker.bucket.put(objectKeys.feedbackImage(model, day, id, "jpg"), photo);
  await worker.bucket.put(
    objectKeys.feedbackRecord(model, day, id),
    new TextEncoder().encode(JSON.stringify(record)),
  );
}

async function recordOf(number: number): Promise<FeedbackRecord> {
  const id = idOf(number);
  const object = await worker.bucket.get(objectKeys.feedbackRecord(model, feedbackDay(id), id));
  if (object.kind !== "found") throw new Error("no record");
  return parseFeedbackRecord(object.bytes, id);
}

async function visitReview(
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
    await page.goto(`${worker.url}/console/review`);
    const key = page.getByLabel("Key", { exact: true });
    await key.waitFor();
    await key.fill(admin.key);
    await page.keyboard.press("Enter");
    await page.locator("#item:not([hidden]), #empty:not([hidden])").first().waitFor();
    await use(page, complaints);
  } finally {
    await context.close();
  }
}

const widthOnceDecoded = `(async () => {
  const image = document.getElementById("image");
  await image.decode();
  return image.naturalWidth;
})()`;

const isShown = (page: Page): Promise<void> => page.locator("#labels button").first().waitFor();

describe("the review page", () => {
  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await openBrowser();
    workers = await openConsoleWorkers();
    worker = await workers.start(model, { open: false });
    bundle = await handMadeBundle({ model });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    admin = await testKey("0000000d", { scopes: ["admin"] });
    await putKeys(worker.bucket, admin);
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
  });

  beforeEach(async (context) => {
    context.skip(chromiumPath === undefined, noChromium);
    const { objects } = await worker.bucket.list(objectKeys.feedback(model));
    for (const { key } of objects) await worker.bucket.delete(key);
  });

  it("asks for a key of an administrator, and says when nothing waits", async () => {
    await visitReview(async (page, complaints) => {
      expect(await page.getByRole("heading", { name: "Nothing waits" }).isVisible()).toBe(true);
      // the browser tells of the 401 by itself
      expect(complaints.filter((line) => !line.includes("401"))).toEqual([]);
    });
  });

  it("shows an image with why it is here and what was said of it", async () => {
    await put(1, { source: "disagreement", label: "crimson <b>" });
    await visitReview(async (page) => {
      await isShown(page);
      expect(await page.locator("#facts").textContent()).toContain("two versions disagreed");
      expect(await page.locator("#facts").textContent()).toContain("green, 41 %");
      expect(await page.locator("#accept").textContent()).toContain("Accept as crimson <b>");
      expect(await page.evaluate(widthOnceDecoded)).toBeGreaterThan(0);
      expect(await page.locator("#labels button").allTextContents()).toEqual(["red 1", "green 2", "blue 3"]);
    });
  });

  it("is worked through by the keyboard alone: accepts, relabels, skips, discards", async () => {
    for (const number of [1, 2, 3, 4]) await put(number);
    await visitReview(async (page) => {
      const status = page.locator("#announcement");
      await isShown(page);
      for (const [key, said] of [
        ["a", "Accepted as green."],
        ["3", "Accepted as blue."],
        ["s", "Skipped."],
        ["d", "Discarded."],
      ] as const) {
        const before = await page.locator("#waiting").textContent();
        await page.keyboard.press(key);
        await status.filter({ hasText: key === "d" ? "Nothing waits" : said }).waitFor();
        await page
          .locator("#waiting")
          .filter({ hasNotText: before ?? "" })
          .waitFor();
        await page.locator("body[aria-busy=false]").waitFor();
      }
    });

    expect(await recordOf(1)).toMatchObject({ status: "accepted", label: "green" });
    expect(await recordOf(2)).toMatchObject({ status: "accepted", label: "blue" });
    expect(await recordOf(3)).toMatchObject({ status: "quarantined" });
    expect(await recordOf(4)).toMatchObject({ status: "discarded", image: null });
    expect(
      await worker.bucket.head(objectKeys.feedbackImage(model, "2026-01-31", idOf(4), "jpg")),
    ).toBeNull();
  });

  it("takes a label that the model does not know, and no key while it is typed", async () => {
    await put(1);
    await visitReview(async (page) => {
      await isShown(page);
      await page.getByLabel("Another label").fill("");
      await page.getByLabel("Another label").pressSequentially("dads 1");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Nothing waits" }).waitFor();
    });

    expect(await recordOf(1)).toMatchObject({ status: "accepted", label: "dads 1" });
  });

  it("has no key that works where the focus is elsewhere", async () => {
    await put(1);
    await visitReview(async (page) => {
      await isShown(page);
      await page.evaluate("document.activeElement.blur()");
      await page.keyboard.press("d");
      await page.keyboard.press("a");
    });

    expect(await recordOf(1)).toMatchObject({ status: "quarantined" });
  });

  it.each([
    ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
    ["a desktop", { viewport: { width: 1280, height: 800 } }],
    ["a desktop in the dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" as const }],
  ])("is accessible and fits on %s", async (name, options) => {
    await put(1, { label: "a label as long as somebody may think of, without a break-anywhere" });
    await put(2);
    await visitReview(
      async (page) => {
        await isShown(page);
        const folder = process.env["SCREENSHOTS"];
        if (folder !== undefined)
          await page.screenshot({ path: `${folder}/review ${name}.png`, fullPage: true });
        expect(await page.evaluate(scrollsSideways)).toBe(false);
        expect(await page.evaluate<{ ratio: number }>(leastContrast)).toMatchObject({
          ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5),
        });
        expect(await accessibilityFaults(page)).toEqual([]);
      },
      { ...options, bypassCSP: true },
    );
  });
});
