import { describe, expect, it } from "vitest";
import { type DatasetImage } from "../../../shared/contract/dataset.ts";
import { describeFewImages, smallestClass } from "../../../trainer/evaluation/few-images.ts";

const labels = ["ants", "bees", "cats"];

function dataset(counts: readonly number[]) {
  const images = counts.flatMap((count, label) =>
    Array.from({ length: count }, (_, i): DatasetImage => ({
      path: `${labels[label]}/${i}.jpg`,
      sha256: "0".repeat(64),
      bytes: 1,
      width: 9,
      height: 9,
      label: labels[label] ?? "",
      split: "train",
      perceptualHash: "0".repeat(16),
    })),
  );
  return { images, labels };
}

const top1 = { right: 8, images: 10, share: 0.8, low: 0.49, high: 0.943 };

describe("describeFewImages", () => {
  it("tells of the smallest class, and of how little the test knows", () => {
    expect(smallestClass(dataset([60, 49, 80]))).toEqual({ label: "bees", images: 49 });
    expect(describeFewImages(dataset([60, 49, 80]), top1, false)).toBe(
      "few images: the smallest class, bees, has 49, and the test 10, so that its accuracy is known to 45 points: " +
        "49.0 to 94.3 % (95 %); it was not cross-validated, which would be several trainings",
    );
    expect(describeFewImages(dataset([60, 49, 80]), top1, true)).toMatch(/\(95 %\)$/);
  });

  it("is silent where every class has 50 images", () => {
    expect(describeFewImages(dataset([50, 50, 50]), top1, false)).toBeNull();
  });
});
