import { createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import {
  affordableCrossValidation,
  crossValidateHead,
  dealFolds,
} from "../../../trainer/training/cross-validation.ts";
import { type EmbeddedImages, featureRows, fitRows, scoreRows } from "../../../trainer/training/fit-rows.ts";
import { fitHead, foldHoldOuts } from "../../../trainer/training/head.ts";
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

  it("keeps images of one source in one fold", () => {
    const images = described(60).map((image, i) => ({ ...image, source: `source ${i >> 2}` }));
    const folds = dealFolds(images, 5);
    for (const [i, fold] of folds.entries()) expect(fold).toBe(folds[4 * (i >> 2)]);
    expect(new Set(folds).size).toBe(5);
  });

  it("does not depend on the order of the images", () => {
    const images = described(30);
    const turned = dealFolds(images.toReversed(), 5);
    expect([...turned].toReversed()).toEqual([...dealFolds(images, 5)]);
  });
});

/** Features that say the class or, with `signal` 0, nothing. */
function embedded(count: number, signal: number, size = 4): EmbeddedImages {
  const random = stream(1, "features");
  const labels = Int32Array.from({ length: count }, (_, i) => (i % 3 === 0 ? 0 : 1));
  const features = Float32Array.from(
    { length: count * size },
    (_, at) => random.uniform() + signal * (labels[Math.floor(at / size)] ?? 0),
  );
  return { views: [features], labels, size, classes: 2 };
}

describe("crossValidateHead", () => {
  it("finds classes that the features tell", () => {
    const result = crossValidateHead(embedded(90, 2), dealFolds(described(90), 5));
    expect(result).toMatchObject({ folds: 5, images: 90, top1Accuracy: 1 });
    expect(result.interval.low).toBeGreaterThan(0.95);
  });

  it("does not learn the answers of the fold it is asked about", () => {
    const { top1Accuracy, interval } = crossValidateHead(embedded(90, 0), dealFolds(described(90), 5));
    expect(top1Accuracy).toBeLessThan(0.8);
    expect(interval.low).toBeLessThan(0.7);
  });

  it("is what whole heads give that are fitted without each fold", () => {
    const images = embedded(90, 0.06, 60);
    const foldOf = dealFolds(described(90), 5);
    const every = [...foldOf.keys()];
    let right = 0;
    for (let fold = 0; fold < 5; fold++) {
      const others = every.filter((index) => foldOf[index] !== fold);
      const test = every.filter((index) => foldOf[index] === fold);
      const inner = [0, 1, 2, 3, 4].filter((other) => other !== fold);
      const { classifier } = fitHead(
        images,
        others,
        foldHoldOuts(others, (index) => foldOf[index] ?? 0, inner),
      );
      right += Math.round(scoreRows(featureRows(images), classifier, test).top1Accuracy * test.length);
    }
    expect(right).toBeLessThan(90);
    expect(crossValidateHead(images, foldOf)).toMatchObject({ top1Accuracy: right / 90, choice: "anew" });
  });

  it("takes the way it is given for every fold, and says so", () => {
    const images = embedded(90, 0.4);
    const foldOf = dealFolds(described(90), 5);
    const every = [...foldOf.keys()];
    const rows = featureRows(images);
    const rightBy = (l2: number): number[] =>
      [0, 1, 2, 3, 4].map((fold) => {
        const test = every.filter((index) => foldOf[index] === fold);
        const others = every.filter((index) => foldOf[index] !== fold);
        return Math.round(scoreRows(rows, fitRows(rows, others, l2), test).top1Accuracy * test.length);
      });
    const right = rightBy(10).reduce((a, b) => a + b, 0);
    const found = crossValidateHead(images, foldOf, { l2: 10, isDirected: false });
    expect(found).toMatchObject({ top1Accuracy: right / 90, choice: "once" });
    expect(rightBy(10)).not.toEqual(rightBy(0.01));
  });
});

describe("affordableCrossValidation", () => {
  const mobileNetV2 = { size: 1280, known: 1001 };
  it.for([
    ["244 photos of two classes", 244, 2, 120, "anew"],
    ["10 classes of 40 images", 400, 10, 40, "anew"],
    ["20 classes of 40 images", 800, 20, 40, "once"],
    ["20 classes of 60 images", 1200, 20, 60, null],
    ["100 classes of 49 images", 4900, 100, 49, null],
  ] as const)("can do for %s: %s", ([, rows, classes, smallest, affordable]) => {
    expect(affordableCrossValidation({ ...mobileNetV2, rows, classes }, smallest)).toBe(affordable);
  });
});
