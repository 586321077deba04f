import type { DecodedImage, ImageCodec, PixelSpec } from "../../../shared/image/codec.ts";
import { pixelSpec } from "./pixel-spec.ts";

const background: PixelSpec["background"] = [255, 128, 0];

/** Ways to decode that take every branch of the resampler. */
export const goldenSpecs: Readonly<Record<string, PixelSpec>> = {
  "stretch 40x30": pixelSpec({ background, width: 40, height: 30 }),
  "stretch 300x200": pixelSpec({ background, width: 300, height: 200 }),
  "cover-crop 64x64 of 0.875": pixelSpec({
    background,
    width: 64,
    height: 64,
    fit: "cover-crop",
    cropFraction: 0.875,
  }),
  "letterbox 80x80 bilinear": pixelSpec({
    background,
    width: 80,
    height: 80,
    fit: "letterbox",
    filter: "bilinear",
  }),
  "letterbox 33x50 median3": pixelSpec({
    background,
    width: 33,
    height: 50,
    fit: "letterbox",
    denoise: "median3",
  }),
};

/** What the suite needs of a runtime. */
export interface GoldenRuntime {
  readonly codec: ImageCodec;
  /** The bytes of a file of test/fixtures/images. */
  readonly readFixture: (name: string) => Uint8Array | Promise<Uint8Array>;
}

/** By the name of the spec, the size the file has and the SHA-256 of the pixels it gives. */
export async function decodeDigests(
  { codec, readFixture }: GoldenRuntime,
  name: string,
): Promise<Record<string, string>> {
  const bytes = await readFixture(name);
  const digests: Record<string, string> = {};
  for (const [specName, spec] of Object.entries(goldenSpecs)) {
    const decoded = codec.decode(bytes, spec);
    digests[specName] = `${describeSource(decoded)} ${await sha256(decoded.image.data)}`;
  }
  return digests;
}

function describeSource({ format, width, height, orientation, displayP3 }: DecodedImage): string {
  return `${format} ${width}x${height} orientation ${orientation}${displayP3 ? " display-p3" : ""}`;
}

async function sha256(bytes: Uint8Array): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", bytes.slice());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
