import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawScene } from "./draw-scene.ts";
import { pixelSpec } from "./pixel-spec.ts";

const megabyte = 1_000_000;

describe("the codec's memory", () => {
  const codec = loadCodec();
  const encode = loadJpegEncoder();

  it("does not grow over a thousand images", () => {
    const small = encode(drawScene(64, 48), 80);
    codec.decode(small, pixelSpec());
    const before = heldBytes();

    for (let round = 0; round < 1000; round++) codec.decode(small, pixelSpec());

    expect(heldBytes() - before).toBeLessThan(megabyte);
  });

  it("is given back after a large image", () => {
    const large = encode(drawScene(4000, 3000), 60, { progressive: true });
    const before = heldBytes();

    // at a quarter of its size, with 36 MB of coefficients
    codec.decode(large, pixelSpec({ width: 600, height: 600 }));

    expect(heldBytes() - before).toBeLessThan(megabyte);
  });

  it("stays under 8 MB for a baseline photo of 12 MP", () => {
    const photo = encode(drawScene(4000, 3000), 90);
    const fresh = loadCodec();
    const before = heldBytes();

    fresh.decode(photo, pixelSpec({ width: 224, height: 224 }));

    expect(heldBytes() - before).toBeLessThan(8 * megabyte);
  });

  it("has no room for coefficients of a progressive photo that are not read at an eighth of its size", () => {
    const photo = encode(drawScene(4000, 3000), 90, { progressive: true });
    const fresh = loadCodec();
    const before = heldBytes();

    fresh.decode(photo, pixelSpec({ width: 224, height: 224 }));

    // the file, and two colours at half the size that are read at a quarter; brightness alone would take 24 MB
    expect(heldBytes() - before).toBeLessThan(18 * megabyte);
  });
});

/** Bytes of array buffers and WebAssembly memories in use, the garbage collected; `arrayBuffers` lacks the latter. */
function heldBytes(): number {
  setFlagsFromString("--expose-gc");
  const collect: () => void = runInNewContext("gc");
  collect();
  // buffers are freed beside the program, and counted off when the next collection begins
  collect();
  return process.memoryUsage().external;
}
