import { describe, expect, it } from "vitest";
import { type FitRows, fitRows, narrowed, scoreRows } from "../../../trainer/training/fit-rows.ts";
import { stream } from "../../../trainer/training/random.ts";
import { spanRows } from "../../../trainer/training/row-span.ts";

const size = 60;
const count = 36;

function drawn(length: number, name: string): Float32Array {
  const random = stream(1, name);
  return Float32Array.from({ length }, () => random.uniform() - 0.3);
}

/** Products of all rows with all rows. */
function products(rows: Float32Array, width: number): number[] {
  const rowAt = (row: number): Float32Array => rows.subarray(row * width, (row + 1) * width);
  const numbers = Array.from({ length: rows.length / width }, (_, row) => row);
  return numbers.flatMap((one) =>
    numbers.map((other) =>
      rowAt(one).reduce((sum, value, i) => sum + value * (rowAt(other)[i] as number), 0),
    ),
  );
}

describe("spanRows", () => {
  const rows = drawn(count * size, "rows");

  it("keeps lengths and angles in as many numbers as there are rows", () => {
    const { views, size: narrow } = spanRows([rows], size);
    expect(narrow).toBe(count);
    const expected = products(rows, size);
    products(views[0], narrow).forEach((value, i) => expect(value).toBeCloseTo(expected[i] as number, 4));
  });

  it("needs no more numbers for rows that are there twice, or none", () => {
    const twice = spanRows([rows, rows], size);
    expect(twice.size).toBe(count);
    twice.views[1]?.forEach((value, i) => expect(value).toBeCloseTo(twice.views[0][i] as number, 6));
    expect(spanRows([new Float32Array(2 * size)], size).views[0]).toEqual(new Float32Array(2));
  });

  it("turns directions with the rows", () => {
    const spanned = spanRows([rows], size);
    const direction = Float64Array.from(drawn(size, "direction"));
    const turned = spanned.turn(direction, 1);
    for (let row = 0; row < count; row++) {
      const along = rows
        .subarray(row * size, (row + 1) * size)
        .reduce((sum, value, i) => sum + value * (direction[i] as number), 0);
      const after = spanned.views[0]
        .subarray(row * spanned.size, (row + 1) * spanned.size)
        .reduce((sum, value, i) => sum + value * (turned[i] as number), 0);
      expect(after).toBeCloseTo(along, 4);
    }
  });
});

describe("rows by fewer numbers", () => {
  const plain: FitRows = {
    views: [drawn(count * size, "rows")],
    labels: Int32Array.from({ length: count }, (_, i) => i % 3),
    size,
    classes: 3,
  };
  const values = Float64Array.from(drawn(3 * size, "directions"));
  const learnt = Array.from({ length: 28 }, (_, i) => i);
  const heldBack = Array.from({ length: 8 }, (_, i) => 28 + i);

  it.for([
    ["features", plain],
    ["features with directions", { ...plain, directions: () => ({ count: 3, values }) }],
  ] as const)("are learnt as %s are: the same answers for images held back", ([, rows]) => {
    const narrow = narrowed(rows);
    expect(narrow).toMatchObject({ size: count, fullSize: size });
    const before = scoreRows(rows, fitRows(rows, learnt, 3), heldBack);
    const after = scoreRows(narrow, fitRows(narrow, learnt, 3), heldBack);
    expect(after.loss / before.loss).toBeCloseTo(1, 2);
    expect(after.top1Accuracy).toBe(before.top1Accuracy);
  });

  it("stay as they are where there are as many rows as numbers", () => {
    const many = { ...plain, views: [drawn(size * size, "many")] as const };
    expect(narrowed(many)).toBe(many);
  });
});
