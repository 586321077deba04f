import { beforeAll, describe, expect, it } from "vitest";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import { lumaContrast, meanLuma, sharpness } from "../../../trainer/data/image-quality.ts";
import { createPerturbations } from "../../../trainer/evaluation/perturbations.ts";
import { studyBundle, type BundleStudy } from "../../../trainer/evaluation/study-bundle.ts";
import { drawScene } from "../../../trainer/release/golden-images.ts";
import { releaseModel } from "../../../trainer/release/release.ts";
import { withBundle } from "../../../trainer/release/verify.ts";
import { tinyFiles, tinyReleaseInput } from "../release/tiny-release.ts";

const codec = loadCodec();
const encodeJpeg = loadJpegEncoder();

/** Of an image 32 px wide. */
function pixelAt(data: Uint8Array, x: number, y: number): Uint8Array {
  return data.slice((y * 32 + x) * 3, (y * 32 + x) * 3 + 3);
}

describe("createPerturbations", () => {
  const image = drawScene(1, 48, 40);
  const perturbations = new Map(
    createPerturbations(codec, encodeJpeg).map((perturbation) => [perturbation.name, perturbation]),
  );

  it("leaves the size and the given image as they are, and changes more at each level", () => {
    const before = image.data.slice();
    for (const { levels, apply, name } of perturbations.values()) {
      const changes = levels.map((level) => {
        const spoilt = apply(image, level, 1);
        expect([spoilt.width, spoilt.height, spoilt.data.length]).toEqual([48, 40, image.data.length]);
        return spoilt.data.reduce((sum, byte, i) => sum + Math.abs(byte - (image.data[i] ?? 0)), 0);
      });
      const ordered = name === "brightness" ? changes.slice(0, 2).toReversed() : changes;
      expect(ordered).toEqual(ordered.toSorted((a, b) => a - b));
    }
    expect(image.data).toEqual(before);
  });

  it("blurs away detail and keeps the brightness", () => {
    const blurred = perturbations.get("blur")?.apply(image, 2, 0) ?? image;
    expect(sharpness(blurred)).toBeLessThan(sharpness(image) / 3);
    expect(meanLuma(blurred)).toBeCloseTo(meanLuma(image), -1);
  });

  it("turns by a quarter exactly", () => {
    const square = drawScene(2, 32, 32);
    const turned = perturbations.get("rotation")?.apply(square, 90, 0) ?? square;
    expect(pixelAt(turned.data, 4, 9)).toEqual(pixelAt(square.data, 31 - 9, 4));
  });

  it("adds noise of the wanted deviation, the same for the same seed", () => {
    const grey = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3).fill(128) };
    const noise = perturbations.get("noise");
    const noisy = noise?.apply(grey, 20, 7) ?? grey;
    expect(
      Math.sqrt(noisy.data.reduce((sum, byte) => sum + (byte - 128) ** 2, 0) / noisy.data.length),
    ).toBeCloseTo(20, 0);
    expect(noise?.apply(grey, 20, 7)).toEqual(noisy);
    expect(lumaContrast(grey)).toBe(0);
  });
});

describe("studyBundle", () => {
  let study: BundleStudy;

  beforeAll(async () => {
    const release = await releaseModel(await tinyReleaseInput(1));
    study = await withBundle(release, codec, (classifier) =>
      studyBundle({ classifier, images: tinyFiles(9, 30), codec, encodeJpeg, robustnessImages: () => 20 }),
    );
  });

  it("agrees with itself: slices and the clean images add up to what was evaluated", () => {
    const { evaluation, slices, robustness } = study;
    const brightness = slices.filter(({ by }) => by === "brightness");
    expect(brightness.reduce((sum, { images }) => sum + images, 0)).toBeLessThanOrEqual(evaluation.images);
    expect(robustness?.clean.images).toBe(20);
    expect(robustness?.sweeps.map(({ name }) => name)).toEqual([
      "JPEG",
      "blur",
      "noise",
      "brightness",
      "rotation",
    ]);
    expect(study.answers.metrics.top1Accuracy).toBeCloseTo(evaluation.top1.share, 12);
  });
});
