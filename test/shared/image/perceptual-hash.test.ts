import { describe, expect, it } from "vitest";
import { differenceHash, hashDistance } from "../../../shared/image/perceptual-hash.ts";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawScene, storeTurned } from "./draw-scene.ts";
import { pixelSpec } from "./pixel-spec.ts";

const scene = drawScene(320, 240);

describe("the difference hash", () => {
  it("has a bit for every cell that is brighter than its right neighbour", () => {
    const data = new Uint8Array(9 * 8 * 3);
    for (let y = 0; y < 8; y++) {
      for (let x = 0; x < 9; x++) data.fill(y === 0 ? 200 - x : x, (y * 9 + x) * 3, (y * 9 + x) * 3 + 3);
    }

    expect(differenceHash({ width: 9, height: 8, data })).toBe("ff00000000000000");
  });

  it("stays near under another size and under compression", () => {
    const codec = loadCodec();
    const jpeg = loadJpegEncoder()(scene, 40);
    const small = codec.decode(jpeg, pixelSpec({ width: 90, height: 80 })).image;

    expect(hashDistance(differenceHash(scene), differenceHash(small))).toBeLessThanOrEqual(4);
  });

  it("is far for another image", () => {
    const mirrored = storeTurned(scene, 2);

    expect(hashDistance(differenceHash(scene), differenceHash(mirrored))).toBeGreaterThan(12);
  });

  it("rejects an image smaller than its cells", () => {
    const tiny: RgbImage = { width: 8, height: 8, data: new Uint8Array(192) };

    expect(() => differenceHash(tiny)).toThrow(/8x8 px: at least 9x8/);
  });
});

describe("the distance of two hashes", () => {
  it("counts differing bits", () => {
    expect(hashDistance("0000000000000000", "8000000000000001")).toBe(2);
    expect(hashDistance("ffffffffffffffff", "0000000000000000")).toBe(64);
  });
});
