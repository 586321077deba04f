import { describe, expect, it } from "vitest";
import { changeImage } from "../../../trainer/training/augment.ts";
import type { Augmentation } from "../../../trainer/training/config.ts";
import { createBatchMaker } from "../../../trainer/training/image-batches.ts";
import { stream } from "../../../trainer/training/random.ts";
import { colouredImages } from "./coloured-images.ts";

const size = { width: 16, height: 16 };
const off: Augmentation = { flip: false, shift: 0, brightness: 0, contrast: 0 };

function noise(): Uint8Array {
  const random = stream(3, "noise");
  return Uint8Array.from({ length: 768 }, () => random.integer(256));
}

function change(pixels: Uint8Array, augmentation: Partial<Augmentation>, seed = 1): Uint8Array {
  const random = stream(seed, "change");
  return changeImage(pixels, size, { ...off, ...augmentation }, random, new Uint8Array(768)).slice();
}

function differing(a: Uint8Array, b: Uint8Array): number {
  return a.filter((value, i) => value !== b[i]).length;
}

describe("changeImage", () => {
  it("leaves an image as it is when everything is off, and never writes into it", () => {
    const pixels = noise();
    const before = pixels.slice();
    expect(change(pixels, {})).toEqual(before);
    change(pixels, { rotation: 30, zoom: 0.3, saturation: 1, cutout: 0.5 });
    expect(pixels).toEqual(before);
  });

  it("turns and scales a plain image into itself", () => {
    const plain = Uint8Array.from({ length: 768 }, (_, i) => [30, 90, 200][i % 3] ?? 0);
    expect(change(plain, { rotation: 45, zoom: 0.5 })).toEqual(plain);
  });

  it("moves what is off the centre, and keeps the centre", () => {
    const pixels = new Uint8Array(768).fill(10);
    pixels.fill(250, 3 * (2 * 16 + 2), 3 * (2 * 16 + 4));
    const turned = change(pixels, { rotation: 45 });
    expect(differing(turned, pixels)).toBeGreaterThan(0);
    expect(turned.subarray(3 * (8 * 16 + 8), 3 * (8 * 16 + 9))).toEqual(new Uint8Array(3).fill(10));
  });

  it("covers a square no larger than asked for", () => {
    const white = new Uint8Array(768).fill(255);
    for (let seed = 0; seed < 20; seed++) {
      const covered = change(white, { cutout: 0.25 }, seed).filter((value) => value === 128).length / 3;
      expect(covered).toBeGreaterThan(0);
      expect(covered).toBeLessThanOrEqual(16);
    }
  });

  it("keeps grey grey and the lightness of colours, whatever their strength", () => {
    const grey = new Uint8Array(768).fill(77);
    expect(change(grey, { saturation: 1 })).toEqual(grey);
    const [red = 0, green = 0, blue = 0] = change(
      Uint8Array.from({ length: 768 }, (_, i) => [120, 90, 100][i % 3] ?? 0),
      { saturation: 0.5 },
    );
    expect(0.299 * red + 0.587 * green + 0.114 * blue).toBeCloseTo(100.1, -0.5);
  });

  it("makes no more changes than it may pick", () => {
    const plain = Uint8Array.from({ length: 768 }, (_, i) => [30, 90, 200][i % 3] ?? 0);
    const all = { saturation: 1, cutout: 0.5 };
    for (let seed = 0; seed < 20; seed++) {
      const changed = change(plain, { ...all, picks: 1 }, seed);
      const isCovered = changed.some((value, i) => i % 3 === 0 && value === 128 && changed[i + 1] === 128);
      const isFaded = changed.some((value, i) => value !== plain[i] && value !== 128);
      expect(isCovered && isFaded).toBe(false);
    }
    expect(change(plain, { ...all, picks: 0 })).toEqual(plain);
  });
});

describe("mixing", () => {
  it("blends each image with the next of its batch, and says so", () => {
    const set = colouredImages(3, 4);
    const batches = createBatchMaker(set, { mean: [0, 0, 0], std: [1, 1, 1] });
    const indices = Int32Array.of(0, 1, 2);
    const plain = batches.plain(indices).nhwc;
    const { nhwc, labels, mixed } = batches.augmented(indices, { ...off, mixup: 0.4 }, stream(1, "mix"));
    const share = mixed?.share ?? 0;
    expect(share).toBeGreaterThan(0);
    expect(share).toBeLessThanOrEqual(0.4);
    expect(labels).toEqual(Int32Array.of(0, 1, 2));
    expect(mixed?.labels).toEqual(Int32Array.of(1, 2, 0));
    for (const at of [0, 800, 1600, 2303]) {
      const other = plain[(at + 768) % plain.length] ?? 0;
      expect(nhwc[at]).toBeCloseTo((plain[at] ?? 0) * (1 - share) + other * share, 5);
    }
  });
});
