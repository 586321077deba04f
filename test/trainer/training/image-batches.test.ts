import { describe, expect, it } from "vitest";
import { normalize } from "../../../shared/image/normalize.ts";
import { imagePixels } from "../../../trainer/data/image-set.ts";
import type { Augmentation } from "../../../trainer/training/config.ts";
import { createBatchMaker, type Normalization } from "../../../trainer/training/image-batches.ts";
import { stream } from "../../../trainer/training/random.ts";
import { colouredImages } from "./coloured-images.ts";

const set = colouredImages(9, 4);
const normalization: Normalization = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
const batches = createBatchMaker(set, normalization);
const none: Augmentation = { flip: false, shift: 0, brightness: 0, contrast: 0 };
const plain: Normalization = { mean: [0, 0, 0], std: [1, 1, 1] };

/** The bytes of augmented images of the set, read back from values that are `byte / 255`. */
function augmentedBytes(augmentation: Augmentation, count: number, name: string): Uint8Array[] {
  const maker = createBatchMaker(set, plain);
  const { nhwc } = maker.augmented(new Int32Array(count), augmentation, stream(1, name));
  const size = nhwc.length / count;
  return Array.from({ length: count }, (_, image) =>
    Uint8Array.from(nhwc.subarray(image * size, (image + 1) * size), (value) => Math.round(value * 255)),
  );
}

function pixelsOf(nhwc: Float32Array): string[] {
  return Array.from({ length: nhwc.length / 3 }, (_, at) => String(nhwc.subarray(3 * at, 3 * at + 3)));
}

function clamp(place: number): number {
  return Math.min(15, Math.max(0, place));
}

describe("createBatchMaker", () => {
  it("gives exactly the numbers that serving gives", () => {
    const { nhwc, labels } = batches.plain(Int32Array.from([7, 2]));
    const expected = [7, 2].map((index) =>
      normalize(
        { width: 16, height: 16, data: imagePixels(set, index) },
        { width: 16, height: 16, ...normalization },
      ),
    );
    expect(nhwc.subarray(0, 768)).toEqual(expected[0]);
    expect(nhwc.subarray(768)).toEqual(expected[1]);
    expect(labels).toEqual(Int32Array.from([1, 2]));
  });

  it("leaves images as they are when every augmentation is off", () => {
    const indices = Int32Array.from([0, 5]);
    expect(batches.augmented(indices, none, stream(1, "x"))).toEqual(batches.plain(indices));
  });

  it("repeats for the same stream, and changes every image in its own way", () => {
    const augmentation = { flip: true, shift: 0.2, brightness: 0.2, contrast: 0.2 };
    const images = augmentedBytes(augmentation, 6, "a");
    expect(augmentedBytes(augmentation, 6, "a")).toEqual(images);
    expect(new Set(images.map(String)).size).toBe(6);
  });

  it("mirrors about half of the images", () => {
    const original = imagePixels(set, 0);
    const mirrored = Uint8Array.from(original, (_, i) => {
      const [channel, x, y] = [i % 3, Math.floor(i / 3) % 16, Math.floor(i / 48)];
      return original[(y * 16 + 15 - x) * 3 + channel] ?? 0;
    });
    const images = augmentedBytes({ ...none, flip: true }, 40, "flip");
    const flipped = images.filter((image) => String(image) === String(mirrored)).length;
    const kept = images.filter((image) => String(image) === String(original)).length;
    expect(flipped + kept).toBe(40);
    expect(flipped).toBeGreaterThan(10);
    expect(kept).toBeGreaterThan(10);
  });

  it("shifts at most as far as it is told, repeating the border", () => {
    const original = imagePixels(set, 0);
    const at = (x: number, y: number): string =>
      String(original.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3));
    const shifts = new Set<string>();
    for (const image of augmentedBytes({ ...none, shift: 0.125 }, 60, "shift")) {
      const pixel = (x: number, y: number): string =>
        String(image.subarray((y * 16 + x) * 3, (y * 16 + x) * 3 + 3));
      const found = [];
      for (let dy = -3; dy <= 3; dy++) {
        for (let dx = -3; dx <= 3; dx++) {
          let same = true;
          for (let i = 0; i < 256 && same; i++) {
            const [x, y] = [i % 16, Math.floor(i / 16)];
            same = pixel(x, y) === at(clamp(x + dx), clamp(y + dy));
          }
          if (same) found.push(`${dx},${dy}`);
        }
      }
      expect(found).toHaveLength(1);
      shifts.add(found[0] ?? "");
    }
    const distances = [...shifts].flatMap((shift) =>
      shift.split(",").map((shifted) => Math.abs(Number(shifted))),
    );
    expect(Math.max(...distances)).toBe(2);
    expect(shifts.size).toBeGreaterThan(15);
  });

  it("covers a rectangle by that of the next image, and says how much of the image it is", () => {
    const indices = Int32Array.from([0, 1, 2]);
    const still = batches.plain(indices);
    const before = pixelsOf(still.nhwc);
    const shares = new Set<number>();
    for (const name of ["a", "b", "c", "d"]) {
      const batch = batches.augmented(indices, { ...none, cutmix: 0.5 }, stream(1, name));
      expect(batches.augmented(indices, { ...none, cutmix: 0.5 }, stream(1, name))).toEqual(batch);
      const after = pixelsOf(batch.nhwc);
      const covered = new Set<number>();
      after.forEach((pixel, at) => {
        if (pixel === before[at]) return;
        expect(pixel).toBe(before[(at + 256) % 768]);
        covered.add(at % 256);
      });
      const [columns, rows] = [(at: number) => at % 16, (at: number) => Math.floor(at / 16)].map(
        (side) => new Set([...covered].map(side)).size,
      );
      expect(covered.size).toBe((columns ?? 0) * (rows ?? 0));
      expect(batch.mixed).toEqual({ labels: Int32Array.from([1, 2, 0]), share: covered.size / 256 });
      expect(covered.size / 256).toBeLessThanOrEqual(0.55);
      shares.add(covered.size);
    }
    expect(shares.size).toBeGreaterThan(1);
  });

  it("mixes whole images or rectangles of them where both are on", () => {
    const kinds = new Set<boolean>();
    for (let step = 0; step < 12; step++) {
      const both = { ...none, mixup: 0.4, cutmix: 0.4 };
      const { nhwc } = batches.augmented(Int32Array.from([0, 1]), both, stream(1, `${step}`));
      const { nhwc: still } = batches.plain(Int32Array.from([0, 1]));
      const changed = nhwc.filter((value, at) => value !== still[at]).length;
      kinds.add(changed > 0.6 * nhwc.length);
    }
    expect(kinds).toEqual(new Set([true, false]));
  });

  it("keeps relit values bytes, darker and lighter ones in order", () => {
    const original = imagePixels(set, 0);
    for (const image of augmentedBytes({ ...none, brightness: 0.5, contrast: 0.9 }, 20, "light")) {
      const pairs = Array.from(original, (value, i) => [value, image[i] ?? 0] as const);
      for (const [before, after] of pairs.toSorted((a, b) => a[0] - b[0]).slice(1)) {
        expect(Number.isInteger(after) && after >= 0 && after <= 255 && before >= 0).toBe(true);
      }
      const afters = pairs.toSorted((a, b) => a[0] - b[0]).map(([, after]) => after);
      expect(afters).toEqual(afters.toSorted((a, b) => a - b));
    }
  });
});
