import { describe, expect, it } from "vitest";
import { breachesOf } from "../../bench/breaches.ts";

describe("breachesOf", () => {
  const limits = { most: { "net/peer": 0.5, "net/other": 0.4 }, least: { "net/peak-share": 0.85 } };
  const kept = { "net/peer": 0.5, "net/other": 0.1, "net/peak-share": 0.85 };

  it("allows values up to their limits, and those that have none", () => {
    expect(breachesOf({ ...kept, "new/peer": 3 }, limits)).toEqual([]);
  });

  it("refuses what is above its most or below its least", () => {
    expect(breachesOf({ ...kept, "net/peer": 0.51 }, limits)).toEqual([
      "net/peer is 0.51; at most 0.5 is allowed",
    ]);
    expect(breachesOf({ ...kept, "net/peak-share": 0.84 }, limits)).toEqual([
      "net/peak-share is 0.84; at least 0.85 is allowed",
    ]);
  });

  it("refuses what is no number", () => {
    expect(
      breachesOf({ ...kept, "net/peer": Number.NaN, "net/peak-share": Number.NaN }, limits),
    ).toHaveLength(2);
  });

  it("misses what was not measured, unless the run was a part", () => {
    const { "net/other": _, ...rest } = kept;
    expect(breachesOf(rest, limits)).toEqual(["net/other was not measured; at most 0.4 is allowed"]);
    expect(breachesOf(rest, limits, true)).toEqual([]);
  });
});
