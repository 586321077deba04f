import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import type { DecodedImage } from "../../../shared/image/codec.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { hostileFiles, readImage } from "./hostile-files.ts";
import { pixelSpec } from "./pixel-spec.ts";

const spec = pixelSpec({ width: 224, height: 224, fit: "cover-crop", cropFraction: 0.875 });

describe("a hostile file", () => {
  const codec = loadCodec();
  const sound = readImage("progressive-420.jpg");
  const expected = codec.decode(sound, spec);

  it.each(hostileFiles(loadJpegEncoder()))("$name: $outcome", ({ bytes, outcome }) => {
    const got = outcomeOf(() => codec.decode(bytes, spec));

    expect(outcome === "either" ? ["decodes", "invalid_image"] : [outcome]).toContain(got);
    // and nothing of it reaches the next image
    expect(codec.decode(sound, spec)).toEqual(expected);
  });

  it("leaves its bytes as they are", () => {
    const copy = Buffer.from(sound);

    codec.decode(sound, { ...spec, width: 16, height: 16 });

    expect(sound.equals(copy)).toBe(true);
  });
});

function outcomeOf(decode: () => DecodedImage): string {
  try {
    const { image } = decode();
    expect(image.data).toHaveLength(image.width * image.height * 3);
    return "decodes";
  } catch (error) {
    if (isAppError(error)) return error.code;
    throw error;
  }
}
