import * as fc from "fast-check";
import { describe, it } from "vitest";
import { splits, type Split } from "../../../shared/contract/dataset.ts";
import { assignSplits } from "../../../trainer/data/split.ts";
import { image } from "./splittable-image.ts";

const names = fc.uniqueArray(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 8, maxLength: 120 });
/** Half the share of each split. */
const halves: Readonly<Record<Split, number>> = {
  train: 0.3,
  test: 0.1,
  validation: 0.05,
  calibration: 0.05,
};

/** Fewest sources of a class that a split may have, where halves are rounded down. */
function leastOf(split: Split, sources: number): number {
  return Math.max(1, Math.round(halves[split] * sources - 1e-9));
}

describe("assignSplits of images of sources", () => {
  it("keeps every source in one split, whatever else is placed as one with it", ({ expect }) => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 40 }), fc.boolean(), (numbers, sources, haveTwins) => {
        const images = numbers.map((number) => ({
          ...image(number, number % 3),
          source: number % 4 === 0 ? undefined : `source ${number % sources}`,
        }));
        const twins = images.map(({ perceptualHash }, i) => ({
          ...image(-1 - i, i % 3),
          perceptualHash,
          source: `twin ${i % 5}`,
        }));
        const all = haveTwins ? [...images, ...twins] : images;
        const assigned = assignSplits(all);
        const used = Map.groupBy(all.keys(), (i) => all[i]?.source);
        used.delete(undefined);
        for (const members of used.values()) {
          expect(new Set([...members].map((i) => assigned[i])).size).toBe(1);
        }
      }),
    );
  });

  it("does not depend on the order of the images of sources that two classes share", ({ expect }) => {
    fc.assert(
      fc.property(names, fc.integer({ min: 1, max: 40 }), (numbers, sources) => {
        const images = numbers.map((number, i) => ({
          ...image(number, number % 3),
          source: `source ${i % sources}`,
        }));
        expect(assignSplits(images.toReversed()).toReversed()).toEqual(assignSplits(images));
      }),
    );
  });

  it("gives each split at least half its share of the sources of every class", ({ expect }) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 4, maxLength: 40 });
    fc.assert(
      fc.property(fc.array(sizes, { minLength: 1, maxLength: 3 }), (classes) => {
        const images = classes.flatMap((ofClass, label) =>
          ofClass.flatMap((size, source) =>
            Array.from({ length: size }, (_, i) => ({
              ...image(10_000 * label + 100 * source + i, label),
              source: `${label}/${source}`,
            })),
          ),
        );
        const assigned = assignSplits(images);
        for (const [label, ofClass] of classes.entries()) {
          const placed = new Map(images.map(({ source }, i) => [source, assigned[i]]));
          const own = [...placed].filter(([source]) => source.startsWith(`${label}/`));
          for (const split of splits) {
            const count = own.filter(([, other]) => other === split).length;
            expect(count).toBeGreaterThanOrEqual(leastOf(split, ofClass.length));
          }
        }
      }),
    );
  });

  it("gives each split at least half its share of two classes that share sources", ({ expect }) => {
    // Not for every dataset there is such a draw, but for each of these.
    for (let first = 0; first < 300; first++) {
      const images = Array.from({ length: 40 }, (_, source) => ({
        ...image(100 * first + source, source % 4 === 0 ? 1 : 0),
        source: `source ${100 * first + source}`,
      }));
      // A third of the sources has both classes.
      const both = images.filter((_, i) => i % 3 === 0);
      const others = both.map((one, i) => ({ ...image(-1 - i, 0), label: "class 2", source: one.source }));
      const all = [...images, ...others];
      const assigned = assignSplits(all);
      for (const label of ["class 0", "class 1", "class 2"]) {
        const used = assigned.filter((_, i) => all[i]?.label === label);
        for (const split of splits) {
          const least = leastOf(split, used.length);
          expect(used.filter((other) => other === split).length).toBeGreaterThanOrEqual(least);
        }
      }
    }
  });

  it("puts what is added to a source where it lies, and moves nothing else of ample classes", ({
    expect,
  }) => {
    const old = Array.from({ length: 1200 }, (_, i) => ({ ...image(i, 0), source: `source ${i % 300}` }));
    const added = Array.from({ length: 900 }, (_, i) => ({
      ...image(5000 + i, 0),
      source: `source ${i % 400}`,
    }));
    const before = assignSplits(old);
    const after = assignSplits([...added, ...old]);
    expect(after.slice(added.length)).toEqual(before);
    for (const [i, { source }] of added.entries()) {
      const at = old.findIndex((other) => other.source === source);
      if (at >= 0) expect(after[i]).toBe(before[at]);
    }
  });

  it("leaves old images where they were although they are of one source now", ({ expect }) => {
    const old = Array.from({ length: 60 }, (_, i) => image(i, i % 2));
    const before = assignSplits(old);
    const previous = new Map(old.map(({ sha256 }, i) => [sha256, before[i] ?? "train"]));
    const sourced = old.map((one, i) => ({ ...one, source: `source ${i % 6}` }));
    expect(assignSplits(sourced, { previous })).toEqual(before);
  });

  it("keeps equal files in one split, however many pictures of a fixed camera are nearly alike", ({
    expect,
  }) => {
    const copies = fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 4, maxLength: 60 });
    fc.assert(
      fc.property(copies, fc.boolean(), (counts, areSourced) => {
        const images = counts.flatMap((count, number) =>
          Array.from({ length: count }, (_, i) => ({
            ...image(number, i % 2),
            perceptualHash: "00000000000000ff",
            source: areSourced && i === 0 ? `source ${number % 7}` : undefined,
          })),
        );
        const assigned = assignSplits(images);
        for (const same of Map.groupBy(images.keys(), (i) => images[i]?.sha256).values()) {
          expect(new Set([...same].map((i) => assigned[i])).size).toBe(1);
        }
      }),
    );
  });
});
