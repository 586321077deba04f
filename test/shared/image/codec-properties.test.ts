import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import type { PixelSpec } from "../../../shared/image/codec.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { readImage } from "./hostile-files.ts";

const codec = loadCodec();

const specs: fc.Arbitrary<PixelSpec> = fc.record({
  width: fc.integer({ min: 8, max: 200 }),
  height: fc.integer({ min: 8, max: 200 }),
  fit: fc.constantFrom("cover-crop", "stretch", "letterbox"),
  cropFraction: fc.double({ min: 0.01, max: 1, noNaN: true }),
  filter: fc.constantFrom("triangle", "bilinear"),
  background: fc.tuple(fc.nat(255), fc.nat(255), fc.nat(255)),
  denoise: fc.constantFrom("none", "median3"),
});

const signatures = [
  "",
  "\xff\xd8\xff\xe0",
  "\xff\xd8\xff\xdb",
  "\x89PNG\r\n\x1a\n",
  "RIFF\0\x01\0\0WEBPVP8 ",
];
const randomFiles = fc
  .tuple(fc.constantFrom(...signatures), fc.uint8Array({ maxLength: 2000 }))
  .map(([signature, rest]) => Buffer.concat([Buffer.from(signature, "latin1"), rest]));

const images = [
  "progressive-420.jpg",
  "arithmetic.jpg",
  "cmyk.jpg",
  "rgba-interlaced.png",
  "lossy-alpha.webp",
];
const mutatedFiles = fc
  .tuple(
    fc.constantFrom(...images),
    fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 12 }),
    fc.double({ min: 0.5, max: 1.5, noNaN: true }),
  )
  .map(([name, changes, kept]) => {
    const bytes = Buffer.from(readImage(name));
    for (const [at, value] of changes) bytes[at % bytes.length] = value;
    return bytes.subarray(0, Math.ceil(bytes.length * Math.min(kept, 1)));
  });

describe("decoding", () => {
  it.each([
    ["random bytes", randomFiles, 500],
    ["mutated images", mutatedFiles, 300],
  ])("gives an image of the size asked for or an AppError, from %s", (_, files, numRuns) => {
    fc.assert(
      fc.property(files, specs, (bytes, spec) => {
        const outcome = decodeOrRefuse(bytes, spec);

        expect(["invalid_image", "unsupported_media_type", "image_too_large", bytesOf(spec)]).toContain(
          outcome,
        );
      }),
      { seed: 1, numRuns },
    );
  });

  it("gives the same pixels every time, whatever came between", () => {
    const sound = readImage("lossy.webp");

    fc.assert(
      fc.property(mutatedFiles, specs, (between, spec) => {
        const first = codec.decode(sound, spec);
        decodeOrRefuse(between, spec);
        expect(codec.decode(sound, spec)).toEqual(first);
      }),
      { seed: 2, numRuns: 100 },
    );
  });

  it("paints the whole image, bars in the background's colour at most", () => {
    fc.assert(
      fc.property(specs, ({ width, height }) => {
        const spec = {
          width,
          height,
          fit: "letterbox",
          cropFraction: 1,
          filter: "triangle",
          denoise: "none",
        } as const;
        const [black, white] = ([0, 255] as const).map(
          (level) =>
            codec.decode(readImage("grey.jpg"), { ...spec, background: [level, level, level] }).image.data,
        );
        // 97x61 px: the bars are what changes with the background
        const scale = Math.min(width / 97, height / 61);
        const painted = Math.max(1, Math.round(97 * scale)) * Math.max(1, Math.round(61 * scale));
        const bars = black?.filter((value, index) => value !== white?.[index]).length;
        expect(bars).toBe((width * height - painted) * 3);
      }),
      { seed: 3, numRuns: 100 },
    );
  });
});

/** Bytes of the pixels, or the code of the error. */
function decodeOrRefuse(bytes: Uint8Array, spec: PixelSpec): number | string {
  try {
    return codec.decode(bytes, spec).image.data.length;
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}

function bytesOf({ width, height }: PixelSpec): number {
  return width * height * 3;
}
