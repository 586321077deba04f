import { describe, expect, it } from "vitest";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { decodeRegion } from "../../../shared/image/decode-region.ts";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { encodePng } from "../../../trainer/release/png.ts";
import { drawScene } from "./draw-scene.ts";

const codec = loadCodec();
const frame = drawScene(640, 480);
const file = encodePng(frame);
const spec: PixelSpec = {
  width: 96,
  height: 96,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [10, 20, 30],
  denoise: "none",
};
const region = { left: 0.25, top: 0.125, width: 0.5, height: 0.5 };

/** The region as a file of its own. */
function cutOut(image: RgbImage, left: number, top: number, width: number, height: number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    const from = ((top + y) * image.width + left) * 3;
    data.set(image.data.subarray(from, from + width * 3), y * width * 3);
  }
  return { width, height, data };
}

function meanDifference(a: RgbImage, b: RgbImage): number {
  expect(a.data).toHaveLength(b.data.length);
  return a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;
}

describe("decodeRegion", () => {
  const cutFile = encodePng(cutOut(frame, 160, 60, 320, 240));

  it.each([
    ["stretch", 1],
    ["stretch", 0.8],
    ["cover-crop", 1],
    ["cover-crop", 0.875],
    ["letterbox", 1],
  ] as const)("gives what the codec gives of the cut-out file: %s, crop fraction %d", (fit, cropFraction) => {
    const wanted = codec.decode(cutFile, { ...spec, fit, cropFraction }).image;
    const { image } = decodeRegion(codec, file, { ...spec, fit, cropFraction }, region);

    expect(meanDifference(image, wanted)).toBeLessThan(3.5);
    // another part of the frame is far off
    const shifted = decodeRegion(
      codec,
      file,
      { ...spec, fit, cropFraction },
      { ...region, left: 0.4, top: 0.3 },
    );
    expect(meanDifference(shifted.image, wanted)).toBeGreaterThan(15);
  });

  it("is the plain decoding, to the bit, where the region is the whole frame", () => {
    const whole = { left: 0, top: 0, width: 1, height: 1 };
    const { image } = decodeRegion(codec, file, spec, whole);
    expect(image.data).toEqual(codec.decode(file, spec).image.data);
  });

  it("corrects itself when the frame has another size than expected", () => {
    const right = decodeRegion(codec, file, spec, region);
    const corrected = decodeRegion(codec, file, { ...spec }, region, { width: 100, height: 300 });
    expect(corrected.image.data).toEqual(right.image.data);
    expect(corrected).toMatchObject({ width: 640, height: 480 });
  });

  it("widens a region that is too small for the model's pixels", () => {
    const tiny = { left: 0.95, top: 0.95, width: 0.05, height: 0.05 };
    const { image } = decodeRegion(codec, file, { ...spec, width: 224, height: 224 }, tiny);
    expect(image).toMatchObject({ width: 224, height: 224 });
  });
});
