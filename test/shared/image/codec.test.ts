import { describe, expect, it } from "vitest";
import type { RgbImage } from "../../../shared/image/rgb-image.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawPng, type Rgb, solidPng } from "../../fixtures/png.ts";
import { drawScene } from "./draw-scene.ts";
import { readImage } from "./hostile-files.ts";
import { exifOrientation, jpegSegment, latin1, withOrientation, withSegments } from "./image-files.ts";
import { pixelSpec as spec } from "./pixel-spec.ts";
import { meanDifference, pixelAt, toPng } from "./compare-images.ts";

const codec = loadCodec();
const encode = loadJpegEncoder();

describe("decoding at the same size", () => {
  const scene = drawScene(97, 61);

  it.each(["triangle", "bilinear"] as const)("keeps every pixel (%s)", (filter) => {
    const { image } = codec.decode(toPng(scene), spec({ width: 97, height: 61, filter }));

    expect(image).toEqual(scene);
  });

  it("puts the pixels of one image after the other where it is told", () => {
    const other = { ...scene, data: scene.data.map((value) => 255 - value) };
    const into = new Uint8Array(97 * 61 * 3);

    for (const drawn of [scene, other]) {
      const { image } = codec.decode(toPng(drawn), spec({ width: 97, height: 61 }), into);
      expect(image.data).toBe(into);
      expect(into).toEqual(drawn.data);
    }
  });

  it("says what the file is", () => {
    const decoded = codec.decode(readImage("orientation-6.jpg"), spec({ width: 24, height: 32 }));

    expect(decoded).toMatchObject({
      format: "jpeg",
      width: 320,
      height: 240,
      orientation: 6,
      displayP3: false,
      warnings: 0,
    });
  });
});

describe("resampling", () => {
  it.each([
    ["down by 5.3", 530, 424, 100, 80],
    ["down by 1.1", 110, 88, 100, 80],
    ["up by 3", 33, 27, 100, 80],
    ["far down", 4001, 33, 8, 8],
  ])("keeps a constant image constant, %s", (_, width, height, toWidth, toHeight) => {
    const png = solidPng(width, height, [255, 128, 1]);

    for (const filter of ["triangle", "bilinear"] as const) {
      const { image } = codec.decode(png, spec({ width: toWidth, height: toHeight, filter }));
      expect(new Set(pixels(image))).toEqual(new Set(["255,128,1"]));
    }
  });

  it("weighs the triangle over two steps of the source", () => {
    // 16 columns to 8: taps at distances 0.5 and 1.5 of a triangle of half-width 2 weigh 3:3:1:1
    const png = drawPng(16, 8, (x) => (x === 6 ? [240, 80, 8] : [0, 0, 0]));

    const { image } = codec.decode(png, spec({ width: 8, height: 8 }));

    expect([2, 3, 4].map((x) => pixelAt(image, x, 4))).toEqual([
      [30, 10, 1],
      [90, 30, 3],
      [0, 0, 0],
    ]);
  });

  it("takes two half-pixel taps and no more for bilinear", () => {
    // 32 columns to 8: centre 4x + 2, between source columns 4x + 1 and 4x + 2
    const png = drawPng(32, 8, (x) => (x % 4 === 1 ? [200, 0, 0] : x % 4 === 2 ? [100, 0, 0] : [7, 7, 7]));

    const { image } = codec.decode(png, spec({ width: 8, height: 8, filter: "bilinear" }));

    expect(new Set(pixels(image))).toEqual(new Set(["150,0,0"]));
  });

  it("takes the bilinear taps from the full-size pixels of a JPEG", () => {
    const bytes = encode(drawScene(800, 600), 90);
    const full = codec.decode(bytes, spec({ width: 800, height: 600 })).image;

    const { image } = codec.decode(bytes, spec({ width: 100, height: 75, filter: "bilinear" }));

    for (const [x, y] of [
      [0, 0],
      [40, 30],
      [99, 74],
    ] as const) {
      const taps = [3, 4].flatMap((down) =>
        [3, 4].map((right) => pixelAt(full, 8 * x + right, 8 * y + down)),
      );
      const mean = [0, 1, 2].map((channel) => taps.reduce((sum, tap) => sum + (tap[channel] ?? 0), 0) / 4);
      expect(pixelAt(image, x, y)).toEqual(mean.map((value) => Math.floor(value + 0.5)));
    }
  });

  it("gives the pixels of the full-size decode, nearly, from a JPEG shrunk while decoding", () => {
    const scene = drawScene(1600, 1200);
    const shrunk = codec.decode(
      encode(scene, 95, { subsampled: false }),
      spec({ width: 160, height: 120 }),
    ).image;

    const full = codec.decode(toPng(scene), spec({ width: 160, height: 120 })).image;

    expect(meanDifference(shrunk, full)).toBeLessThan(1.5);
  });

  it("gives the same pixels from a progressive JPEG as from the baseline one of the same coefficients", () => {
    const scene = drawScene(1600, 1200);

    for (const side of [96, 128, 200, 320, 1000]) {
      const [baseline, progressive] = [false, true].map(
        (choice) =>
          codec.decode(encode(scene, 80, { progressive: choice }), spec({ width: side, height: side })).image,
      );
      expect(progressive).toEqual(baseline);
    }
  });
});

describe("fit", () => {
  // Left quarter red, middle half green, right quarter blue.
  const wide = drawPng(400, 100, (x) => (x < 100 ? [255, 0, 0] : x < 300 ? [0, 255, 0] : [0, 0, 255]));

  it("cuts the overhang for cover-crop", () => {
    const { image } = codec.decode(wide, spec({ width: 50, height: 50, fit: "cover-crop" }));

    expect(new Set(pixels(image))).toEqual(new Set(["0,255,0"]));
  });

  it("squashes for stretch", () => {
    const { image } = codec.decode(wide, spec({ width: 40, height: 40 }));

    expect([0, 20, 39].map((x) => pixelAt(image, x, 20))).toEqual([
      [255, 0, 0],
      [0, 255, 0],
      [0, 0, 255],
    ]);
  });

  it("pads with the background for letterbox", () => {
    const { image } = codec.decode(
      wide,
      spec({ width: 40, height: 40, fit: "letterbox", background: [9, 8, 7] }),
    );

    // 400x100 becomes 40x10 in the middle
    expect([0, 14, 15, 24, 25, 39].map((y) => pixelAt(image, 0, y))).toEqual([
      [9, 8, 7],
      [9, 8, 7],
      [255, 0, 0],
      [255, 0, 0],
      [9, 8, 7],
      [9, 8, 7],
    ]);
  });

  it("keeps the share of cropFraction around the centre", () => {
    const { image } = codec.decode(wide, spec({ width: 40, height: 40, cropFraction: 0.48 }));

    expect(new Set(pixels(image))).toEqual(new Set(["0,255,0"]));
  });

  it("crops the bars of a letterbox away first", () => {
    const letterbox = spec({
      width: 40,
      height: 40,
      fit: "letterbox",
      background: [9, 8, 7],
      cropFraction: 0.25,
    });

    const { image } = codec.decode(wide, letterbox);

    expect(new Set(pixels(image))).toEqual(new Set(["0,255,0"]));
  });
});

describe("transparency", () => {
  it("shows the background", () => {
    const { image } = codec.decode(
      readImage("rgba.png"),
      spec({ width: 97, height: 61, background: [10, 200, 30] }),
    );

    expect(pixelAt(image, 0, 0)).toEqual([10, 200, 30]); // alpha 0
  });
});

describe("noise removal", () => {
  it("takes single pixels out and leaves edges", () => {
    const png = drawPng(32, 32, (x, y) => (x === 5 && y === 7 ? [255, 255, 255] : edgeAt(x)));
    const denoised = spec({ width: 32, height: 32, denoise: "median3" });

    const { image } = codec.decode(png, denoised);

    expect(image).toEqual(codec.decode(drawPng(32, 32, edgeAt), spec({ width: 32, height: 32 })).image);
  });
});

describe("EXIF", () => {
  const jpeg = encode(drawScene(48, 32), 90);

  it.each(["II", "MM"] as const)("is read in byte order %s", (byteOrder) => {
    const exif = jpegSegment(0xe1, Buffer.concat([latin1("Exif\0\0"), exifOrientation(6, byteOrder)]));

    expect(codec.decode(withSegments(jpeg, exif), spec({})).orientation).toBe(6);
  });

  it("counts the first time only", () => {
    const twice = withOrientation(withOrientation(jpeg, 3), 8);

    expect(codec.decode(twice, spec({})).orientation).toBe(8);
  });

  it.each([0, 9, 65_535])("of orientation %i means upright", (orientation) => {
    expect(codec.decode(withOrientation(jpeg, orientation), spec({})).orientation).toBe(1);
  });
});

function pixels(image: RgbImage): string[] {
  return Array.from({ length: image.width * image.height }, (_, index) =>
    image.data.subarray(index * 3, index * 3 + 3).join(","),
  );
}

function edgeAt(x: number): Rgb {
  return x < 16 ? [10, 20, 30] : [200, 190, 180];
}
