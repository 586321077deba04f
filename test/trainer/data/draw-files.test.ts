import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { LabelledFile } from "../../../trainer/data/class-folders.ts";
import { drawOrder, stratifiedQuota } from "../../../trainer/data/draw-files.ts";

describe("stratifiedQuota", () => {
  it("shares a sample out in proportion to the classes", ({ expect }) => {
    const sizes = new Map([
      ["a", 600],
      ["b", 300],
      ["c", 100],
    ]);
    expect([...stratifiedQuota(sizes, 50)]).toEqual([
      ["a", 30],
      ["b", 15],
      ["c", 5],
    ]);
  });

  it("sums to the limit, gives every class one, and none more than it has", ({ expect }) => {
    const sizes = fc.array(fc.integer({ min: 1, max: 500 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(sizes, fc.integer({ min: 0, max: 3000 }), (counts, extra) => {
        const byLabel = new Map(counts.map((count, i) => [`class ${i}`, count]));
        const total = counts.reduce((sum, count) => sum + count, 0);
        const limit = counts.length + extra;
        const quota = stratifiedQuota(byLabel, limit);
        const sum = [...quota.values()].reduce((all, count) => all + count, 0);
        expect(sum).toBe(Math.min(limit, total));
        for (const [label, count] of quota) {
          expect(count).toBeGreaterThanOrEqual(1);
          expect(count).toBeLessThanOrEqual(byLabel.get(label) ?? 0);
        }
      }),
    );
  });

  it("rejects a limit below the number of classes", ({ expect }) => {
    const sizes = new Map([
      ["a", 5],
      ["b", 5],
      ["c", 5],
    ]);
    expect(() => stratifiedQuota(sizes, 2)).toThrowError(
      expect.objectContaining({ code: "invalid_argument", message: expect.stringContaining("limit is 2") }),
    );
  });
});

describe("drawOrder", () => {
  const files = Array.from({ length: 40 }, (_, i) => labelled(`${i % 2 === 0 ? "a" : "b"}/${i}.jpg`));

  it("gives the same order for the same seed, whatever the order of the files", ({ expect }) => {
    const order = drawOrder(files, 7);
    const reversed = drawOrder(files.toReversed(), 7);
    for (const label of ["a", "b"]) expect(reversed.get(label)).toEqual(order.get(label));
  });

  it("gives another order for another seed", ({ expect }) => {
    expect(drawOrder(files, 7).get("a")).not.toEqual(drawOrder(files, 8).get("a"));
  });

  it("keeps every file once, by class", ({ expect }) => {
    const order = drawOrder(files, 7);
    const paths = [...order.values()].flat().map((file) => file.path);
    expect(paths.toSorted()).toEqual(files.map((file) => file.path).toSorted());
  });
});

function labelled(path: string): LabelledFile {
  return {
    path,
    label: path.slice(0, 1),
    givenSplit: null,
    range: { file: `/data/${path}`, offset: 0, bytes: 1 },
  };
}
