import * as fc from "fast-check";
import { describe, it } from "vitest";
import { splits, type Split } from "../../../shared/contract/dataset.ts";
import { assignSplits, defaultShares, sharesFor } from "../../../trainer/data/split.ts";
import { image } from "./splittable-image.ts";

const names = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 8, maxLength: 120 });

describe("sharesFor", () => {
  it("gives what is neither for training nor for the test to the other two, halved", ({ expect }) => {
    const { train, validation, calibration, test } = sharesFor(0.86, 0.1);
    expect([train, test]).toEqual([0.86, 0.1]);
    expect(validation).toBeCloseTo(0.02, 12);
    expect(calibration).toBe(validation);
  });

  it("is the default where nothing is told", ({ expect }) => {
    const shares = sharesFor();
    for (const split of splits) expect(shares[split]).toBeCloseTo(defaultShares[split], 12);
  });

  it("refuses shares that leave nothing to choose by", ({ expect }) => {
    expect(() => sharesFor(0.9, 0.1)).toThrow(/sum to less than 1/);
  });

  it("gives what is not for training to the other splits, in their proportions", ({ expect }) => {
    const { train, validation, calibration, test } = sharesFor(0.8);
    expect(train).toBe(0.8);
    expect([validation, calibration, test].map((share) => share.toFixed(6))).toEqual([
      "0.050000",
      "0.050000",
      "0.100000",
    ]);
  });
});

describe("assignSplits", () => {
  it("gives every image one of the four splits", ({ expect }) => {
    fc.assert(
      fc.property(names, (numbers) => {
        const assigned = assignSplits(numbers.map((number) => image(number, number % 3)));
        expect(assigned).toHaveLength(numbers.length);
        expect(assigned.every((split) => splits.includes(split))).toBe(true);
      }),
    );
  });

  it("does not depend on the order of the images", ({ expect }) => {
    fc.assert(
      fc.property(names, (numbers) => {
        const single = numbers.map((number) => image(number, number % 3));
        const images = single.map((one, i) => ({
          ...one,
          perceptualHash: single[i - (i % 2)]?.perceptualHash ?? one.perceptualHash,
        }));
        expect(assignSplits(images.toReversed()).toReversed()).toEqual(assignSplits(images));
      }),
    );
  });

  it("has every class in every split where it has 4 images or more", ({ expect }) => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 5 }), (numbers, classes) => {
        const images = numbers.map((number) => image(number, number % classes));
        const assigned = assignSplits(images);
        const splitsByLabel = Map.groupBy(assigned, (_, i) => images[i]?.label);
        const ample = [...splitsByLabel.values()].filter((ofClass) => ofClass.length >= 4);
        expect(ample.every((ofClass) => new Set(ofClass).size === 4)).toBe(true);
      }),
    );
  });

  it("gives each split at least half its share of a class", ({ expect }) => {
    fc.assert(
      fc.property(names, (numbers) => {
        const assigned = assignSplits(numbers.map((number) => image(number, 0)));
        const count = (split: Split): number => assigned.filter((other) => other === split).length;
        expect(count("train")).toBeGreaterThanOrEqual(Math.round(0.3 * numbers.length));
        expect(count("test")).toBeGreaterThanOrEqual(Math.round(0.1 * numbers.length));
      }),
    );
  });

  it("leaves old images of ample classes where they were when others are added", ({ expect }) => {
    const old = Array.from({ length: 600 }, (_, i) => image(i, i % 2));
    const added = Array.from({ length: 600 }, (_, i) => image(1_000_000 + i, i % 3));
    const before = assignSplits(old);
    expect(assignSplits([...added, ...old]).slice(added.length)).toEqual(before);
  });

  it("leaves all old images where they were when it is told where", ({ expect }) => {
    const added = fc.array(fc.integer({ min: 2_000_000, max: 3_000_000 }), { maxLength: 60 });
    fc.assert(
      fc.property(names, added, fc.boolean(), (numbers, more, areCopies) => {
        const old = numbers.map((number) => image(number, number % 4));
        const before = assignSplits(old);
        const previous = new Map(old.map(({ sha256 }, i) => [sha256, before[i] ?? "train"]));
        const fresh = more.map((number, i) => {
          const twin = old[i % old.length];
          const next = image(number, number % 4);
          return areCopies && twin !== undefined ? { ...next, perceptualHash: twin.perceptualHash } : next;
        });
        const after = assignSplits([...fresh, ...old], { previous });
        expect(after.slice(fresh.length)).toEqual(before);
      }),
    );
  });

  it("leaves two old images in their splits when a new one resembles both", ({ expect }) => {
    const hashes = ["0000000000000000", "000000000000003f", "0000000000000007"];
    const [one, other, between] = hashes.map((perceptualHash, i) => ({ ...image(i, 0), perceptualHash }));
    const old = [one ?? expect.unreachable(), other ?? expect.unreachable()];
    const previous = new Map<string, Split>([
      [old[0]?.sha256 ?? "", "train"],
      [old[1]?.sha256 ?? "", "test"],
    ]);
    const assigned = assignSplits([...old, between ?? expect.unreachable()], { previous });
    expect(assigned.slice(0, 2)).toEqual(["train", "test"]);
  });

  it("keeps copies and near-copies in one split, across classes too", ({ expect }) => {
    const images = Array.from({ length: 100 }, (_, i) => image(i, i % 2));
    const copies = images.map((original, i) => ({
      ...image(5000 + i, (i + 1) % 2),
      perceptualHash: flipLastBit(original.perceptualHash),
    }));
    const assigned = assignSplits([...images, ...copies]);
    expect(assigned.slice(100)).toEqual(assigned.slice(0, 100));
  });

  it("draws the shares it is asked for", ({ expect }) => {
    const images = Array.from({ length: 4000 }, (_, i) => image(i, i % 4));
    const assigned = assignSplits(images, {
      shares: { train: 0.5, validation: 0.2, calibration: 0.2, test: 0.1 },
    });
    const share = (split: Split): number => assigned.filter((other) => other === split).length / 4000;
    expect(share("train")).toBeCloseTo(0.5, 1);
    expect(share("validation")).toBeCloseTo(0.2, 1);
    expect(share("calibration")).toBeCloseTo(0.2, 1);
    expect(share("test")).toBeCloseTo(0.1, 1);
  });

  it("honours a given test split, and draws the others from the rest", ({ expect }) => {
    const images = Array.from({ length: 200 }, (_, i) => ({
      ...image(i, i % 2),
      givenSplit: i < 50 ? ("test" as const) : ("train" as const),
    }));
    const assigned = assignSplits(images);
    expect(assigned.slice(0, 50).every((split) => split === "test")).toBe(true);
    expect(new Set(assigned.slice(50))).toEqual(new Set(["train", "validation", "calibration"]));
  });

  it("has every class in every split, however large the given test split is", ({ expect }) => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1_000_000 }), (first) => {
        const images = Array.from({ length: 108 }, (_, i) => ({
          ...image(first + i, 0),
          givenSplit: i < 100 ? ("test" as const) : ("train" as const),
        }));
        const rest = assignSplits(images).slice(100);
        expect(new Set(rest)).toEqual(new Set(["train", "validation", "calibration"]));
      }),
    );
  });

  it("takes a copy of a test image out of training", ({ expect }) => {
    const images = Array.from({ length: 40 }, (_, i) => ({
      ...image(i, i % 2),
      givenSplit: i < 10 ? ("test" as const) : ("train" as const),
    }));
    const copy = { ...image(99, 0), perceptualHash: images[3]?.perceptualHash ?? "" };
    expect(assignSplits([...images, { ...copy, givenSplit: "train" }]).at(-1)).toBe("test");
  });

  it.for([
    { train: 0.5, validation: 0.1, calibration: 0.1, test: 0.2 },
    { train: 1.2, validation: -0.2, calibration: 0, test: 0 },
    { train: 0, validation: 0.5, calibration: 0.25, test: 0.25 },
    { train: Number.NaN, validation: 0, calibration: 0, test: 0 },
  ])("rejects the shares %o", (shares, { expect }) => {
    expect(() => assignSplits([image(1, 0)], { shares })).toThrowError(
      expect.objectContaining({ code: "invalid_argument" }),
    );
  });
});

function flipLastBit(hash: string): string {
  return (BigInt(`0x${hash}`) ^ 1n).toString(16).padStart(16, "0");
}
