import { describe, expect, it } from "vitest";
import { excessesOf } from "../../bench/excesses.ts";

describe("excessesOf", () => {
  const ceilings = { "net/peer": 0.5, "net/other": 0.4 };

  it("allows ratios up to their ceilings, and those that have none", () => {
    expect(excessesOf({ "net/peer": 0.5, "net/other": 0.1, "new/peer": 3 }, ceilings)).toEqual([]);
  });

  it("allows for noise, but for no more", () => {
    expect(excessesOf({ "net/peer": 0.52 }, ceilings)).toEqual([]);
    expect(excessesOf({ "net/peer": 0.53 }, ceilings)).toEqual([expect.stringContaining("net/peer is 0.53")]);
  });

  it("refuses what is no number", () => {
    expect(excessesOf({ "net/peer": Number.NaN }, ceilings)).toHaveLength(1);
  });
});
