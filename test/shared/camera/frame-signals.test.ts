import { describe, expect, it } from "vitest";
import { type ChangeLimits, isUnchanged, measureFrame } from "../../../shared/camera/frame-signals.ts";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { drawScene } from "../image/draw-scene.ts";

const scene = drawScene(160, 120);
const limits: ChangeLimits = { bits: 3, levels: 6 };

function changed(image: RgbImage, pixel: (value: number, x: number, y: number) => number): RgbImage {
  const data = image.data.map((value, i) => {
    const at = Math.floor(i / 3);
    return Math.min(255, Math.max(0, pixel(value, at % image.width, Math.floor(at / image.width))));
  });
  return { ...image, data };
}

/** Whether a changed scene counts as the scene. */
function isSame(pixel: (value: number, x: number, y: number) => number): boolean {
  return isUnchanged(measureFrame(scene), measureFrame(changed(scene, pixel)), limits);
}

describe("measureFrame", () => {
  it("gives the mean, deviation and sharpness of known pictures", () => {
    const flat = changed(scene, () => 100);
    expect(measureFrame(flat)).toMatchObject({ luma: 100, contrast: 0, sharpness: 0 });
    const board = changed(scene, (_, x, y) => ((x + y) % 2 === 0 ? 0 : 200));
    expect(measureFrame(board)).toMatchObject({ luma: 100, contrast: 100, sharpness: 200 });
  });

  it("has another fingerprint when one pixel differs by one", () => {
    const other = changed(scene, (value, x, y) => (x === 7 && y === 9 ? value ^ 1 : value));
    expect(measureFrame(other).fingerprint).not.toBe(measureFrame(scene).fingerprint);
    expect(measureFrame(changed(scene, (v) => v)).fingerprint).toBe(measureFrame(scene).fingerprint);
  });
});

describe("isUnchanged", () => {
  it("overlooks noise and a lamp that flickers", () => {
    expect(isSame((value, x, y) => value + ((x * 7 + y * 13) % 9) - 4)).toBe(true);
    expect(isSame((value) => value * 0.9)).toBe(true);
  });

  it("sees a thing of a tenth of the frame's width, a small step of brightness in one place, and darkness", () => {
    expect(isSame((value, x, y) => (x > 60 && x < 76 && y > 50 && y < 66 ? 255 - value : value))).toBe(false);
    expect(isSame((value, x, y) => (x > 60 && x < 80 && y > 50 && y < 70 ? value + 20 : value))).toBe(false);
    expect(isSame((value) => value / 2)).toBe(false);
  });
});
