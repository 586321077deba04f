import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { meanDifference } from "./compare-images.ts";
import { drawScene } from "./draw-scene.ts";
import { pixelSpec } from "./pixel-spec.ts";

const encode = loadJpegEncoder();
const scene = drawScene(97, 61);

describe("the JPEG encoder", () => {
  it.each([
    ["baseline 4:2:0", {}, 10],
    ["baseline 4:4:4", { subsampled: false }, 3],
    ["progressive", { progressive: true }, 10],
    ["with restart markers", { restartRows: 1 }, 10],
  ])("writes what decodes to the image again: %s", (_, options, tolerance) => {
    const decoded = loadCodec().decode(encode(scene, 95, options), pixelSpec({ width: 97, height: 61 }));

    expect(decoded.warnings).toBe(0);
    expect(meanDifference(decoded.image, scene)).toBeLessThan(tolerance);
  });

  it("writes fewer bytes at a lower quality", () => {
    expect(encode(scene, 30).length).toBeLessThan(encode(scene, 90).length / 2);
  });

  it("writes the same bytes every time and everywhere", () => {
    encode(drawScene(500, 300), 50);

    expect(digest(encode(scene, 85))).toBe(
      "27497642daf11efe66cf0574d6dcdab5f6541f258638ba5d25a8cdc7ebc2a477",
    );
  });

  it.each([0, 101, 84.5, Number.NaN])("rejects quality %d", (quality) => {
    expect(() => encode(scene, quality)).toThrow(/whole numbers from 1 to 100/);
  });

  it("rejects an image that JPEG cannot hold", () => {
    const wide = { width: 65_501, height: 1, data: new Uint8Array(65_501 * 3) };

    expect(() => encode(wide, 80)).toThrow(/65500 per side at most/);
  });
});

function digest(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
