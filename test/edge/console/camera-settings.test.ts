import { describe, expect, it } from "vitest";
import { draw, makeCamera, picturesIn, regionOf, serveCameras, visitCamera } from "./camera-pages.ts";

describe("the settings of a camera", () => {
  serveCameras();

  it("let a person draw the region with the mouse, see the effect, and save it", async () => {
    const camera = await makeCamera();
    await visitCamera(camera, async (page) => {
      for (let i = 0; i < 4; i++) await camera.see("green", "blue");
      await picturesIn(page, 3);
      await draw(page, [0.7, 0.1], [0.95, 0.9]);
      await page.locator("#effect", { hasText: "and now blue" }).waitFor();

      const [left, top, width, height] = await regionOf(page);
      expect([left, top, width, height]).toEqual([70, 10, 25, 80]);
      expect(await page.locator("#strip li").first().textContent()).toMatch(/green .* → blue/);
      expect(await camera.config()).toMatchObject({ region: null });

      await page.getByRole("button", { name: "Save" }).click();
      await page.locator("#effect", { hasText: "Saved." }).waitFor();
      expect(await camera.config()).toMatchObject({
        region: { left: expect.closeTo(0.7, 2), width: expect.closeTo(0.25, 2) },
      });
    });
  });

  it("let a person move the region by keys and numbers, and take it back", async () => {
    const camera = await makeCamera({ region: { left: 0.5, top: 0.5, width: 0.3, height: 0.3 } });
    await camera.see("green");
    await visitCamera(camera, async (page) => {
      await page.locator("#stage").focus();
      for (const key of ["ArrowLeft", "ArrowUp", "Shift+ArrowRight", "Shift+ArrowDown"]) {
        await page.keyboard.press(key);
      }
      expect(await regionOf(page)).toEqual([48, 48, 32, 32]);
      await page.getByLabel("Left").fill("10");
      await page.keyboard.press("Enter");
      await page.getByLabel("Width").fill("500");
      await page.keyboard.press("Tab");
      expect(await regionOf(page)).toEqual([10, 48, 90, 32]);

      await page.getByRole("button", { name: "Undo" }).click();
      expect(await regionOf(page)).toEqual([50, 50, 30, 30]);
      await page.getByRole("button", { name: "The whole frame" }).click();
      expect(await page.locator("#region").isVisible()).toBe(false);
    });
  });

  it("let a person draw the region with a finger", async () => {
    const camera = await makeCamera();
    await visitCamera(
      camera,
      async (page) => {
        for (let i = 0; i < 2; i++) await camera.see("green");
        await picturesIn(page, 1);
        await page.locator("#stage").scrollIntoViewIfNeeded();
        const box = await page.locator("#stage").boundingBox();
        if (box === null) throw new Error("no stage");
        const devtools = await page.context().newCDPSession(page);
        const touch = (type: "touchStart" | "touchMove" | "touchEnd", share?: number): Promise<unknown> =>
          devtools.send("Input.dispatchTouchEvent", {
            type,
            touchPoints:
              share === undefined ? [] : [{ x: box.x + share * box.width, y: box.y + share * box.height }],
          });
        await touch("touchStart", 0.25);
        for (const share of [0.4, 0.6, 0.75]) await touch("touchMove", share);
        await touch("touchEnd");

        expect(await regionOf(page)).toEqual([25, 25, 50, 50]);
      },
      { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
    );
  });

  it("let a person set thresholds with sliders, by keyboard, and see the effect before it is saved", async () => {
    const camera = await makeCamera();
    for (const colour of ["green", "green", "green", "blue", "blue", "green"] as const)
      await camera.see(colour);
    await visitCamera(camera, async (page) => {
      await page.getByLabel("Frames that a new state needs").focus();
      await page.keyboard.press("ArrowLeft");
      await page.locator("#effect", { hasText: "instead of 0" }).waitFor();
      expect(await page.locator("#vote-k-value").textContent()).toBe("2");
      expect(await page.locator("#effect").textContent()).toContain("last frames show");
      expect(await page.locator("#timeline .tried").first().isVisible()).toBe(true);
      expect(await camera.config()).toMatchObject({ vote: { k: 3, n: 5 } });

      await page.getByLabel("Of the last frames").focus();
      await page.keyboard.press("Home");
      expect(await page.locator("#vote-k-value").textContent()).toBe("1");
      await page.getByLabel("Evidence that each vote needs").focus();
      await page.keyboard.press("Home");
      expect(await page.locator("#evidence-value").textContent()).toBe("0 nats");
      await page.getByRole("button", { name: "Save" }).focus();
      await page.keyboard.press("Enter");
      await page.locator("#effect", { hasText: "Saved." }).waitFor();
      expect(await camera.config()).toMatchObject({ vote: { k: 1, n: 1 }, evidencePerVote: 0 });
    });
  });
});
