import { describe, expect, it } from "vitest";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { withOrientation } from "../../../trainer/release/exif.ts";
import { drawGoldenImages, drawScene } from "../../../trainer/release/golden-images.ts";
import { encodePng } from "../../../trainer/release/png.ts";

function exactly(width: number, height: number): PixelSpec {
  return {
    width,
    height,
    fit: "stretch",
    cropFraction: 1,
    filter: "triangle",
    background: [0, 0, 0],
    denoise: "none",
  };
}

describe("drawGoldenImages", () => {
  it("draws the same files from the same seed and others from another", () => {
    const encode = loadJpegEncoder();
    expect(drawGoldenImages(1, encode)).toEqual(drawGoldenImages(1, encode));
    expect(drawGoldenImages(1, encode)[0]?.bytes).not.toEqual(drawGoldenImages(2, encode)[0]?.bytes);
  });

  it("covers JPEG, PNG and a turned photo, in few bytes", () => {
    const codec = loadCodec();
    const images = drawGoldenImages(1, loadJpegEncoder());
    const seen = images.map(({ bytes }) => codec.decode(bytes, exactly(32, 32)));
    expect(seen.map((decoded) => decoded.format)).toEqual(["jpeg", "jpeg", "jpeg", "png"]);
    expect(seen.map((decoded) => decoded.orientation)).toEqual([1, 1, 6, 1]);
    expect(images.reduce((sum, image) => sum + image.bytes.length, 0)).toBeLessThan(40_000);
  });
});

describe("encodePng", () => {
  it("gives every pixel back", () => {
    const image = drawScene(3, 17, 9);
    expect(loadCodec().decode(encodePng(image), exactly(17, 9)).image).toEqual(image);
  });
});

describe("withOrientation", () => {
  it.each([1, 2, 3, 4, 5, 6, 7, 8])("makes decoders read orientation %d", (orientation) => {
    const jpeg = loadJpegEncoder()(drawScene(3, 40, 24), 80);
    const decoded = loadCodec().decode(withOrientation(jpeg, orientation), exactly(16, 16));
    expect(decoded.orientation).toBe(orientation);
    expect([decoded.width, decoded.height]).toEqual(orientation >= 5 ? [24, 40] : [40, 24]);
  });
});
