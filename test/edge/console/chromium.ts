import { existsSync } from "node:fs";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";

const candidates = [
  process.env["CHROMIUM_PATH"] ?? "",
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
];

/** Where this machine has a Chromium, `undefined` where it has none. */
export const chromiumPath: string | undefined = candidates.find((path) => path !== "" && existsSync(path));

/** Why the tests of the page are skipped. */
export const noChromium = "no Chromium on this machine; install the package chromium or set CHROMIUM_PATH";

/** A visit to the page, with what went wrong in it. */
export interface OpenPage {
  readonly page: Page;
  readonly context: BrowserContext;
  /** What the page wrote to the console as an error, and exceptions that nobody caught. */
  readonly complaints: readonly string[];
  /** Every address the page asked for. */
  readonly requests: readonly URL[];
}

/** Shows a page a camera with a moving test picture, and lets it look. */
export const testCamera = ["--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"] as const;

/** Starts a Chromium with an empty profile that asks the network for nothing of its own. @param more arguments */
export function openBrowser(more: readonly string[] = []): Promise<Browser> {
  return chromium.launch({
    ...(chromiumPath === undefined ? {} : { executablePath: chromiumPath }),
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      ...more,
    ],
  });
}

/** Opens the page for the time of `use`, with nothing left of other visits. */
export async function visit(
  browser: Browser,
  url: string,
  use: (open: OpenPage) => Promise<void>,
  options: BrowserContextOptions = {},
): Promise<void> {
  const context = await browser.newContext(options);
  try {
    const page = await context.newPage();
    const complaints: string[] = [];
    const requests: URL[] = [];
    page.on("console", (message) => {
      if (message.type() === "error") complaints.push(message.text());
    });
    page.on("pageerror", (error) => complaints.push(String(error)));
    page.on("request", (request) => requests.push(new URL(request.url())));
    // Chromium begins to hand over file dialogs some time after the first listener: before the page, not with the key.
    page.on("filechooser", () => undefined);
    await page.goto(url);
    await page.locator("#served:not([data-health=checking])").waitFor();
    await use({ page, context, complaints, requests });
  } finally {
    await context.close();
  }
}
