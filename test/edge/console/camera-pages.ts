import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect } from "vitest";
import type { LocalWorker } from "../../../trainer/serving/local-worker.ts";
import { putKeys, type TestKey, testKey } from "../../fixtures/api-keys.ts";
import { handMadeBundle, putAlias, putVersion } from "../../fixtures/hand-made-bundle.ts";
import { drawPng, type Rgb } from "../../fixtures/png.ts";
import { chromiumPath, noChromium, openBrowser } from "./chromium.ts";
import { type ConsoleWorkers, openConsoleWorkers } from "./console-worker.ts";

const model = "colours";
const colours = { red: [255, 0, 0], green: [0, 255, 0], blue: [0, 0, 255] } as const satisfies Record<
  string,
  Rgb
>;
/** Whatever the answer is worth: the model of these tests is never sure of two halves. */
const config = { minProbability: 0.3, hysteresis: 0, dedup: null, rate: { perSecond: 1000, burst: 1000 } };

let browser: Browser;
let workers: ConsoleWorkers;
let worker: LocalWorker;
let admin: TestKey;
let cameras = 0;
let marks = 0;

/** A camera that the page shows. */
export interface ShownCamera {
  readonly id: string;
  /** Posts a frame whose left two thirds have one colour and whose right third has another. */
  see(left: keyof typeof colours, right?: keyof typeof colours): Promise<void>;
  config(): Promise<unknown>;
}

/** What the API answers an administrator. */
export async function api(path: string, method = "GET", body?: unknown): Promise<unknown> {
  const response = await fetch(`${worker.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${admin.key}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  expect(response.ok).toBe(true);
  return response.json();
}

/** Makes a camera in a site of its own. */
export async function makeCamera(more: Record<string, unknown> = {}): Promise<ShownCamera> {
  const id = `yard${++cameras}.gate`;
  const made = await api("/cameras", "POST", { id, config: { ...config, ...more } });
  const { path } = made as { path: string };
  return {
    id,
    see: async (left, right = left) => {
      const mark = ++marks;
      const frame = drawPng(120, 90, (x, y) => {
        const [red, green, blue] = colours[x < 80 ? left : right];
        return y === 0 && ((mark >> x) & 1) === 1 ? [250, 250, 250] : [red, green, blue];
      });
      const response = await fetch(`${worker.url}${path}`, { method: "POST", body: frame });
      expect(response.ok).toBe(true);
    },
    config: async () => ((await api(`/cameras/${id}`)) as { config: unknown }).config,
  };
}

/** Opens a page of the console with the key of an administrator. */
export async function visitPage(
  path: string,
  use: (page: Page, complaints: readonly string[]) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  try {
    await context.addInitScript(`sessionStorage.setItem("edgewise-api-key", ${JSON.stringify(admin.key)})`);
    const page = await context.newPage();
    const complaints: string[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    await page.goto(`${worker.url}/console/${path}`);
    await use(page, complaints);
  } finally {
    await context.close();
  }
}

/** Opens the page of a camera, and waits until it hears it. */
export async function visitCamera(
  { id }: ShownCamera,
  use: (page: Page, complaints: readonly string[]) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  await visitPage(
    `camera?id=${id}`,
    async (page, complaints) => {
      await page.locator("#served[data-health=ready]").waitFor();
      await use(page, complaints);
    },
    options,
  );
}

/** Draws over shares of the picture, from one corner to the other. */
export async function draw(
  page: Page,
  from: readonly [number, number],
  to: readonly [number, number],
): Promise<void> {
  await page.locator("#stage").scrollIntoViewIfNeeded();
  const box = await page.locator("#stage").boundingBox();
  if (box === null) throw new Error("no stage");
  await page.mouse.move(box.x + from[0] * box.width, box.y + from[1] * box.height);
  await page.mouse.down();
  await page.mouse.move(box.x + to[0] * box.width, box.y + to[1] * box.height, { steps: 4 });
  await page.mouse.up();
}

/** Waits for so many pictures; they begin with the second frame after somebody looks. */
export const picturesIn = (page: Page, count: number): Promise<void> =>
  page
    .locator("#strip li")
    .nth(count - 1)
    .waitFor();

/** Left, top, width and height, in percent, as the page has them. */
export const regionOf = (page: Page): Promise<number[]> =>
  Promise.all(
    ["left", "top", "width", "height"].map(async (side) =>
      Number(await page.locator(`#region-${side}`).inputValue()),
    ),
  );

/** Starts Worker and browser for the tests of a file, which are skipped where there is no browser. */
export function serveCameras(): void {
  beforeAll(async () => {
    if (chromiumPath === undefined) return;
    browser = await openBrowser();
    workers = await openConsoleWorkers();
    worker = await workers.start(model, { open: false });
    const bundle = await handMadeBundle({ model });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    admin = await testKey("0000000e", { scopes: ["admin"] });
    await putKeys(worker.bucket, admin);
  });

  afterAll(async () => {
    await browser?.close();
    await workers?.stop();
  });

  beforeEach((context) => context.skip(chromiumPath === undefined, noChromium));
}

/** A post of a camera by its token. */
export function post(path: string, frame: Uint8Array<ArrayBuffer>): Promise<Response> {
  return fetch(`${worker.url}${path}`, { method: "POST", body: frame });
}
