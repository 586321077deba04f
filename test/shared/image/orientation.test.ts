import { describe, expect, it } from "vitest";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { largestDifference, meanDifference, toPng } from "./compare-images.ts";
import { drawScene, storeTurned } from "./draw-scene.ts";
import { exifOrientation, pngChunk, withOrientation } from "./image-files.ts";
import { pixelSpec } from "./pixel-spec.ts";

const codec = loadCodec();
const turns = [2, 3, 4, 5, 6, 7, 8];
const fits = ["cover-crop", "stretch", "letterbox"] as const;

describe("a 12 MP photo", () => {
  const encode = loadJpegEncoder();
  const upright = drawScene(4000, 3000);
  const uprightJpeg = encode(upright, 90);
  const decodes = fits.map((fit) => codec.decode(uprightJpeg, spec(fit)));

  it.each(turns)("of orientation %i gives the pixels of its upright copy", (orientation) => {
    const jpeg = withOrientation(encode(storeTurned(upright, orientation), 90), orientation);

    for (const expected of decodes) {
      const fit = fits[decodes.indexOf(expected)] ?? "stretch";
      const decoded = codec.decode(jpeg, spec(fit));
      expect(decoded).toMatchObject({ width: 4000, height: 3000, orientation });
      // Quantising a turned block rounds its coefficients elsewhere, hence not to the bit.
      expect(largestDifference(decoded.image, expected.image)).toBeLessThanOrEqual(3);
      expect(meanDifference(decoded.image, expected.image)).toBeLessThan(0.25);
    }
  });
});

describe("an image without loss", () => {
  const upright = drawScene(211, 157);

  it.each(turns)("of orientation %i gives the very pixels of its upright copy", (orientation) => {
    const png = Buffer.from(toPng(storeTurned(upright, orientation)));
    const end = png.length - 12;
    const tagged = Buffer.concat([
      png.subarray(0, end),
      pngChunk("eXIf", exifOrientation(orientation)),
      png.subarray(end),
    ]);

    for (const fit of fits) {
      for (const filter of ["triangle", "bilinear"] as const) {
        const { image } = codec.decode(tagged, { ...spec(fit), filter });
        expect(image).toEqual(codec.decode(toPng(upright), { ...spec(fit), filter }).image);
      }
    }
  });
});

function spec(fit: PixelSpec["fit"]): PixelSpec {
  return pixelSpec({ width: 129, height: 96, fit, cropFraction: 0.93, background: [1, 2, 3] });
}
