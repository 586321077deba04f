import { describe, expect, it } from "vitest";
import { shuffle, stream } from "../../../trainer/training/random.ts";

const take = (seed: number, name: string, count: number): number[] => {
  const random = stream(seed, name);
  return Array.from({ length: count }, () => random.nextUint32());
};

describe("stream", () => {
  it("repeats for one seed and name, and differs for any other", () => {
    expect(take(1, "order/0", 8)).toEqual(take(1, "order/0", 8));
    const others = [
      take(2, "order/0", 8),
      take(1, "order/1", 8),
      take(-1, "order/0", 8),
      take(11, "/order/0", 8),
    ];
    for (const other of others) expect(other).not.toEqual(take(1, "order/0", 8));
  });

  it("gives the numbers it has always given", () => {
    expect(take(42, "golden", 4)).toMatchInlineSnapshot(`
      [
        1571622706,
        3938532678,
        282984084,
        1130938156,
      ]
    `);
  });

  it("fills 0 to 1 evenly", () => {
    const random = stream(3, "uniform");
    const counts = Array.from({ length: 16 }, () => 0);
    for (let i = 0; i < 16_000; i++) {
      const bin = Math.floor(random.uniform() * 16);
      counts[bin] = (counts[bin] ?? 0) + 1;
    }
    // 1000 expected in each, 31 is one standard deviation
    for (const count of counts) expect(Math.abs(count - 1000)).toBeLessThan(5 * 31);
  });

  it("gives every integer below a bound, and no other", () => {
    const random = stream(3, "integer");
    const seen = new Set(Array.from({ length: 500 }, () => random.integer(7)));
    expect(seen).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]));
  });
});

describe("shuffle", () => {
  it("keeps every value once and every place equally likely", () => {
    const random = stream(1, "shuffle");
    const firsts = Array.from({ length: 5 }, () => 0);
    for (let i = 0; i < 5000; i++) {
      const values = Int32Array.from([0, 1, 2, 3, 4]);
      shuffle(values, random);
      expect(values.toSorted()).toEqual(Int32Array.from([0, 1, 2, 3, 4]));
      const first = values[0] ?? 0;
      firsts[first] = (firsts[first] ?? 0) + 1;
    }
    for (const count of firsts) expect(Math.abs(count - 1000)).toBeLessThan(5 * 29);
  });
});
