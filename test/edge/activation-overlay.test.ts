import { describe, expect, it } from "vitest";
import { drawOverlay } from "../../edge/http/activation-overlay.ts";
import { loadCodec } from "../../trainer/assets.ts";
import { pixelSpec } from "../shared/image/pixel-spec.ts";

/** The overlay of a 2x2 grid whose right half speaks for the class, over black. */
async function draw(area: { left: number; top: number; width: number; height: number }): Promise<{
  readonly width: number;
  readonly height: number;
  readonly redAt: (x: number, y: number) => number;
}> {
  const uri = await drawOverlay({
    method: "cam",
    label: "red",
    classIndex: 0,
    width: 2,
    height: 2,
    values: [0, 1, 0, 1],
    area,
    size: { width: 640, height: 320 },
  });
  const [head, base64 = ""] = uri.split(",");
  expect(head).toBe("data:image/png;base64");
  expect(uri.length).toBeLessThan(4000);
  const spec = pixelSpec({ width: 128, height: 64 });
  const decoded = loadCodec().decode(new Uint8Array(Buffer.from(base64, "base64")), spec);
  const { image, width, height } = decoded;
  return { width, height, redAt: (x, y) => image.data[(y * 128 + x) * 3] ?? 0 };
}

describe("drawOverlay", () => {
  it("is a small picture of the image's proportions, opaque where the value is high", async () => {
    const { width, height, redAt } = await draw({ left: 0, top: 0, width: 1, height: 1 });

    expect([width, height]).toEqual([128, 64]);
    expect(redAt(2, 32)).toBe(0);
    expect(redAt(125, 32)).toBeGreaterThan(180);
    // half way between the middles of the cells
    expect(redAt(64, 32)).toBeGreaterThan(60);
    expect(redAt(64, 32)).toBeLessThan(130);
  });

  it("is clear outside of what the model saw", async () => {
    const { redAt } = await draw({ left: 0.25, top: 0, width: 0.5, height: 1 });

    expect(redAt(90, 32)).toBeGreaterThan(180);
    expect(redAt(97, 32)).toBe(0);
  });
});
