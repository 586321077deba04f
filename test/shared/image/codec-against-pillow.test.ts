import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { loadCodec } from "../../../trainer/assets.ts";
import { largestDifference } from "./compare-images.ts";
import { readImage } from "./hostile-files.ts";
import { pixelSpec } from "./pixel-spec.ts";

// Pillow decodes with its own libjpeg, zlib, libwebp and lcms, and resamples with code of its own.
const script = `
import io, sys
from PIL import Image, ImageCms, ImageOps
source, target, width, height = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
image = Image.open(source)
profile = image.info.get("icc_profile")
image = ImageOps.exif_transpose(image)
if image.mode.startswith("I"):
    image = image.point(lambda value: value / 256).convert("L")
if image.mode in ("P", "RGBA"):
    image = image.convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, (255, 128, 0, 255)), image)
image = image.convert("RGB")
if profile:
    profile = ImageCms.ImageCmsProfile(io.BytesIO(profile))
    image = ImageCms.profileToProfile(image, profile, ImageCms.createProfile("sRGB"))
if width:
    image = image.resize((width, height), Image.BILINEAR)
open(target, "wb").write(image.tobytes())
`;

const images = readdirSync(fileURLToPath(new URL("../../fixtures/images/", import.meta.url)))
  .filter((name) => /\.(?:jpg|png|webp)$/.test(name))
  // Pillow looks for eXIf before the pixels only
  .filter((name) => name !== "orientation-6-behind.png");
const python = ["/usr/bin/python3", "python3"].find(hasPillow);

describe.skipIf(python === undefined)("the codec and Pillow (where python3 has it)", () => {
  const codec = loadCodec();
  const folder = mkdtempSync(join(tmpdir(), "pillow-"));
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  it.each(images)("agree to one level on %s at its own size", (name) => {
    const { width, height } = codec.decode(readImage(name), pixelSpec());

    expect(differenceFromPillow(name, width, height, false)).toBeLessThanOrEqual(1);
  });

  // A profile is applied after the resize, a JPEG shrunk by DCT, a WebP by libwebp: not to be compared so.
  it.each(images.filter((name) => name.endsWith(".png") && !name.includes("p3")))(
    "agree to one level on %s made smaller",
    (name) => {
      expect(differenceFromPillow(name, 41, 23, true)).toBeLessThanOrEqual(1);
    },
  );

  it.each(images.filter((name) => !name.includes("p3")))("agree to one level on %s made larger", (name) => {
    expect(differenceFromPillow(name, 350, 260, true)).toBeLessThanOrEqual(1);
  });

  function differenceFromPillow(name: string, width: number, height: number, resized: boolean): number {
    const target = join(folder, "pixels");
    const source = fileURLToPath(new URL(`../../fixtures/images/${name}`, import.meta.url));
    const size = resized ? [width, height] : [0, 0];
    execFileSync(python ?? "python3", ["-c", script, source, target, ...size.map(String)]);
    const { image } = codec.decode(readImage(name), pixelSpec({ width, height, background: [255, 128, 0] }));
    return largestDifference(image, { width, height, data: readFileSync(target) });
  }
});

function hasPillow(program: string): boolean {
  try {
    execFileSync(program, ["-c", "import PIL.ImageCms"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
