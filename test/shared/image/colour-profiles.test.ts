import { describe, expect, it } from "vitest";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { pixelAt } from "./compare-images.ts";
import { drawScene } from "./draw-scene.ts";
import { adobeRgb, displayP3, makeProfile, srgb } from "./icc-profiles.ts";
import { withProfile } from "./image-files.ts";
import { pixelSpec as spec } from "./pixel-spec.ts";

const codec = loadCodec();
const encode = loadJpegEncoder();

describe("colour profiles", () => {
  const scene = drawScene(64, 48);
  const size = { width: 64, height: 48 };
  const plain = encode(scene, 95);

  it.each([
    ["red", [200, 0, 0], [219, 0, 0]],
    ["skin", [220, 180, 160], [228, 179, 157]],
    ["grey", [128, 128, 128], [128, 128, 128]],
    ["white", [255, 255, 255], [255, 255, 255]],
  ])("turns Display P3 %s into sRGB", (_, p3, expected) => {
    const flat: RgbImage = {
      width: 16,
      height: 16,
      data: new Uint8Array(768).map((_byte, at) => p3[at % 3] ?? 0),
    };
    const jpeg = withProfile(encode(flat, 100, { subsampled: false }), makeProfile(displayP3));

    const decoded = codec.decode(jpeg, spec({ width: 16, height: 16 }));

    expect(decoded.displayP3).toBe(true);
    const got = pixelAt(decoded.image, 8, 8);
    expect(Math.max(...got.map((value, channel) => Math.abs(value - (expected[channel] ?? 0))))).toBeLessThan(
      3,
    );
  });

  it.each([
    ["sRGB", makeProfile(srgb)],
    ["Adobe RGB", makeProfile(adobeRgb)],
    ["P3 primaries under another curve", makeProfile({ ...displayP3, curve: 2.6 })],
    ["rubbish", new Uint8Array(600).fill(65)],
    ["a profile cut short", makeProfile(displayP3).subarray(0, 200)],
  ])("takes %s as sRGB", (_, profile) => {
    const decoded = codec.decode(withProfile(plain, profile), spec(size));

    expect(decoded.displayP3).toBe(false);
    expect(decoded.image).toEqual(codec.decode(plain, spec(size)).image);
  });

  it("leaves a letterbox's bars in sRGB", () => {
    const jpeg = withProfile(plain, makeProfile(displayP3));

    const { image } = codec.decode(
      jpeg,
      spec({ width: 48, height: 48, fit: "letterbox", background: [255, 0, 0] }),
    );

    expect(pixelAt(image, 0, 0)).toEqual([255, 0, 0]);
  });
});
