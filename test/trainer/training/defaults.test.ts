import { describe, expect, it } from "vitest";
import type { DatasetImage } from "../../../shared/contract/dataset.ts";
import { planTraining } from "../../../trainer/training/defaults.ts";

function dataset(count: number, width: number, height: number): { images: DatasetImage[] } {
  const image = {
    sha256: "0".repeat(64),
    bytes: 1,
    label: "a",
    perceptualHash: "0".repeat(16),
    width,
    height,
  };
  return {
    images: Array.from({ length: count }, (_, index) => ({
      ...image,
      path: `${index}.jpg`,
      split: "train" as const,
    })),
  };
}

function rateOf(optimizer: "adam" | "muon"): number {
  return planTraining(dataset(100, 32, 32), { optimizer }, 1).training.learningRate;
}

describe("planTraining", () => {
  it.each([
    ["thumbnails", 32, 32, 32],
    ["camera frames", 160, 120, 64],
    ["photos", 768, 512, 96],
  ])("chooses the input by the shorter side of %s", (_what, width, height, size) => {
    expect(planTraining(dataset(1000, width, height), {}, 1).size).toBe(size);
  });

  it("gives small sets more epochs than large ones, within limits", () => {
    const epochs = [10, 500, 1200, 7000, 1_000_00].map(
      (count) => planTraining(dataset(count, 160, 120), {}, 1).training.epochs,
    );
    expect(epochs).toEqual([40, 40, 17, 8, 8]);
  });

  it("takes what is asked for, and the seed", () => {
    const request = {
      architecture: "mobilenet-v1",
      size: 128,
      width: 0.25,
      epochs: 3,
      learningRate: 0.1,
    } as const;
    const plan = planTraining(dataset(100, 32, 32), { ...request, patience: undefined }, 9);
    expect(plan).toMatchObject({ architecture: "mobilenet-v1", size: 128, width: 0.25 });
    expect(plan.training).toMatchObject({ seed: 9, epochs: 3, learningRate: 0.1, patience: 6 });
  });

  it("has a rate for each optimiser", () => {
    expect([rateOf("adam"), rateOf("muon")]).toEqual([0.005, 0.035]);
  });

  it("rejects what is out of range", () => {
    expect(() => planTraining(dataset(100, 32, 32), { epochs: 0 }, 1)).toThrow(/epochs/);
  });
});
