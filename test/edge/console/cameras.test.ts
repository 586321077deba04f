import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { drawPng } from "../../fixtures/png.ts";
import { accessibilityFaults } from "./accessibility.ts";
import { leastContrast, scrollsSideways } from "./browser-scripts.ts";
import {
  api,
  draw,
  makeCamera,
  picturesIn,
  post,
  serveCameras,
  visitCamera,
  visitPage,
} from "./camera-pages.ts";

describe("the pages of cameras", () => {
  serveCameras();

  it("list the cameras of a site with their states, and lead to each", async () => {
    const camera = await makeCamera();
    const [site = ""] = camera.id.split(".");
    await api("/cameras", "POST", { id: `${site}.door` });
    for (let i = 0; i < 3; i++) await camera.see("green");

    await visitPage(`cameras?site=${site}`, async (page, complaints) => {
      await page.getByText("green", { exact: true }).waitFor();
      expect(await page.locator("#cameras li a").allTextContents()).toEqual([`${site}.door`, camera.id]);
      expect(await page.locator("#cameras li").first().textContent()).toContain("No state yet");
      await page.getByRole("link", { name: camera.id }).click();
      await page.locator("#state-label", { hasText: "green" }).waitFor();
      expect(complaints).toEqual([]);
    });
  });

  it("show state, votes, last frames, events and health as they come", async () => {
    const camera = await makeCamera({ labels: { blue: "<b>blue</b>" } });
    for (let i = 0; i < 3; i++) await camera.see("green");

    await visitCamera(camera, async (page, complaints) => {
      const state = page.locator("#state-label");
      await state.filter({ hasText: "green" }).waitFor();
      for (let i = 0; i < 3; i++) await camera.see("blue");
      await state.filter({ hasText: "<b>blue</b>" }).waitFor();

      expect(await page.locator("#votes li").count()).toBe(5);
      expect(await page.locator("#events li").first().textContent()).toContain("before it green");
      expect(await page.locator("#timeline svg").getAttribute("aria-label")).toContain(
        "The last 6 frames: 1 change of",
      );
      expect(await page.locator("#legend li").allTextContents()).toEqual(["green", "<b>blue</b>"]);
      await picturesIn(page, 2);
      expect(await page.evaluate("document.getElementById('picture').naturalWidth")).toBe(120);
      expect(await page.locator("#faults").textContent()).toContain("Nothing is wrong");
      expect(complaints).toEqual([]);
    });
  });

  it("tell what is wrong with a camera", async () => {
    const camera = await makeCamera();
    const frame = drawPng(40, 30, () => [0, 0, 0]);
    const { path } = (await api(`/cameras/${camera.id}/rotate`, "POST", {})) as { path: string };
    for (let i = 0; i < 6; i++) await post(path, frame);

    await visitCamera(camera, async (page) => {
      await page.locator("#faults .fault", { hasText: "black" }).waitFor();
      expect(await page.locator("#events li").first().textContent()).toContain("black");
    });
  });

  it("say so when there is no such camera", async () => {
    await visitPage("camera?id=nobody", async (page) => {
      await page.locator("#banner:not([hidden])").waitFor();
      expect(await page.locator("#banner").textContent()).toContain("There is no camera nobody");
    });
  });

  it.each([
    ["a phone", { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true }],
    ["a desktop", { viewport: { width: 1280, height: 800 } }],
    ["a desktop in the dark", { viewport: { width: 1280, height: 800 }, colorScheme: "dark" as const }],
  ])("are accessible and fit on %s", async (name, options) => {
    const camera = await makeCamera({
      labels: { red: "a-state-with-a-name-that-somebody-thought-too-long-for-this" },
    });
    for (let i = 0; i < 12; i++) await camera.see("green", "blue");
    const check = async (page: Page, which: string): Promise<void> => {
      const folder = process.env["SCREENSHOTS"];
      if (folder !== undefined)
        await page.screenshot({ path: `${folder}/${which} ${name}.png`, fullPage: true });
      expect(await page.evaluate(scrollsSideways)).toBe(false);
      expect(await page.evaluate<{ ratio: number }>(leastContrast)).toMatchObject({
        ratio: expect.toSatisfy((ratio: number) => ratio >= 4.5),
      });
      expect(await accessibilityFaults(page)).toEqual([]);
    };
    await visitCamera(
      camera,
      async (page) => {
        for (let i = 0; i < 5; i++) await camera.see("red");
        await camera.see("blue");
        await picturesIn(page, 5);
        await page.getByLabel("Of the last frames").fill("3");
        await draw(page, [0.2, 0.2], [0.6, 0.9]);
        await page.locator("#effect", { hasText: "and now" }).waitFor();
        await check(page, "camera");
      },
      { ...options, bypassCSP: true },
    );
    await visitPage(
      `cameras?site=${camera.id.split(".")[0] ?? ""}`,
      async (page) => {
        await page.getByRole("link", { name: camera.id }).waitFor();
        await check(page, "cameras");
      },
      { ...options, bypassCSP: true },
    );
  });
});
