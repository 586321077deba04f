import { describe, expect, it } from "vitest";
import type { InputSpec } from "../../../shared/contract/input-spec.ts";
import { inputArea } from "../../../shared/image/image-area.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { drawPng } from "../../fixtures/png.ts";
import { pixelSpec } from "./pixel-spec.ts";

/** First and one past the last of the model's pixels that show the marked part of a row or column. */
function extentOf(shown: readonly boolean[]): [number, number] {
  return [shown.indexOf(true), shown.lastIndexOf(true) + 1];
}

/** Where a fraction of the image's side lies on the model's input, in pixels of it. */
function toInput(fraction: number, start: number, extent: number, size: number): number {
  return Math.min(Math.max(((fraction - start) / extent) * size, 0), size);
}

describe("inputArea", () => {
  const fits: InputSpec["fit"][] = ["cover-crop", "stretch", "letterbox"];
  const sizes: [number, number][] = [
    [300, 100],
    [90, 240],
    [128, 128],
    [61, 47],
  ];
  const cases = fits.flatMap((fit) =>
    sizes.flatMap(([width, height]) =>
      [1, 0.8].map((cropFraction) => ({ fit, width, height, cropFraction })),
    ),
  );

  it.each(cases)("agrees with the codec on $fit of $width x $height, $cropFraction kept", (shape) => {
    const { width, height, ...fitting } = shape;
    const spec = pixelSpec({ width: 64, height: 48, filter: "bilinear", ...fitting });
    // the middle half of the image is marked, on both axes
    const isMarked = (x: number, y: number): boolean =>
      Math.abs((x + 0.5) / width - 0.5) < 0.25 && Math.abs((y + 0.5) / height - 0.5) < 0.25;
    const file = drawPng(width, height, (x, y) => (isMarked(x, y) ? [255, 255, 255] : [0, 0, 0]));
    const { data } = loadCodec().decode(file, spec).image;
    const bright = (x: number, y: number): boolean => (data[(y * 64 + x) * 3] ?? 0) > 127;
    const [left, right] = extentOf(Array.from({ length: 64 }, (_, x) => bright(x, 24)));
    const [top, bottom] = extentOf(Array.from({ length: 48 }, (_, y) => bright(32, y)));

    const area = inputArea(spec, width, height);

    // a pixel of the source may be larger than one of the model
    const slack = 1 + Math.max(64 / width / area.width, 48 / height / area.height);
    expect(Math.abs(toInput(0.25, area.left, area.width, 64) - left)).toBeLessThan(slack);
    expect(Math.abs(toInput(0.75, area.left, area.width, 64) - right)).toBeLessThan(slack);
    expect(Math.abs(toInput(0.25, area.top, area.height, 48) - top)).toBeLessThan(slack);
    expect(Math.abs(toInput(0.75, area.top, area.height, 48) - bottom)).toBeLessThan(slack);
  });

  it("covers bars where the model sees some", () => {
    const spec = pixelSpec({ width: 64, height: 64, fit: "letterbox" });

    expect(inputArea(spec, 200, 100)).toEqual({ left: 0, top: -0.5, width: 1, height: 2 });
  });
});
