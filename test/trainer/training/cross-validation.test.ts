import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { crossValidateHead, dealFolds } from "../../../trainer/training/cross-validation.ts";
import type { EmbeddedImages } from "../../../trainer/training/head.ts";
import { stream } from "../../../trainer/training/random.ts";

/** Images of two classes, far apart by their perceptual hashes. */
function described(count: number) {
  return Array.from({ length: count }, (_, i) => {
    const sha256 = createHash("sha256").update(`image ${i}`).digest("hex");
    return { sha256, perceptualHash: sha256.slice(0, 16), label: i % 3 === 0 ? "ants" : "bees" };
  });
}

describe("dealFolds", () => {
  it("gives every fold the same number of each class, give or take one", () => {
    const images = described(60);
    const folds = dealFolds(images, 5);
    for (const label of ["ants", "bees"]) {
      const sizes = [0, 1, 2, 3, 4].map(
        (fold) => images.filter((image, i) => image.label === label && folds[i] === fold).length,
      );
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  it("keeps nearly equal images in one fold", () => {
    const images = described(40);
    const copies = images.slice(0, 10).map((image, i) => ({
      ...image,
      sha256: createHash("sha256").update(`copy ${i}`).digest("hex"),
    }));
    const folds = dealFolds([...images, ...copies], 5);
    for (let i = 0; i < copies.length; i++) expect(folds[40 + i]).toBe(folds[i]);
  });

  it("does not depend on the order of the images", () => {
    const images = described(30);
    const turned = dealFolds(images.toReversed(), 5);
    expect([...turned].toReversed()).toEqual([...dealFolds(images, 5)]);
  });
});

/** Features that say the class or, with `signal` 0, nothing. */
function embedded(count: number, signal: number): EmbeddedImages {
  const random = stream(1, "features");
  const labels = Int32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0 : 1));
  const features = Float32Array.from(
    { length: count * 4 },
    (_, at) => random.uniform() + signal * (labels[Math.floor(at / 4)] ?? 0),
  );
  return { views: [features], labels, size: 4, classes: 2 };
}

describe("crossValidateHead", () => {
  it("finds classes that the features tell", () => {
    const result = crossValidateHead(embedded(90, 2), dealFolds(described(90), 5), 5);
    expect(result).toMatchObject({ folds: 5, images: 90, top1Accuracy: 1 });
    expect(result.interval.low).toBeGreaterThan(0.95);
  });

  it("does not learn the answers of the fold it is asked about", () => {
    const { top1Accuracy, interval } = crossValidateHead(embedded(90, 0), dealFolds(described(90), 5), 5);
    expect(top1Accuracy).toBeLessThan(0.8);
    expect(interval.low).toBeLessThan(0.7);
  });
});
