import { assert, property, string } from "fast-check";
import { describe, expect, it } from "vitest";
import { rolloutShare } from "../../../edge/model/rollout-share.ts";

const version = "20260131T235959Z-0a1b2c3d";
const shares = (callers: readonly string[], of = version): number[] =>
  callers.map((caller) => rolloutShare(caller, "gate", "champion", of));

describe("the share of a caller", () => {
  it.each([
    ["numbered devices", (i: number) => `device ${i}`],
    ["addresses of one network", (i: number) => `address 203.0.${i >> 8}.${i & 255}`],
    ["random ids", (i: number) => `device ${Math.imul(i, 2654435761).toString(16)}`],
  ])("spreads %s evenly: a canary gets its fraction", (_, name) => {
    const all = shares(Array.from({ length: 20_000 }, (__, i) => name(i)));

    for (const fraction of [0.01, 0.1, 0.5, 0.9]) {
      const got = all.filter((share) => share < fraction).length / all.length;
      // four standard errors of a fair draw
      expect(Math.abs(got - fraction)).toBeLessThan(4 * Math.sqrt((fraction * (1 - fraction)) / all.length));
    }
  });

  it("is the same every time, from 0 up to but not 1, whatever the caller is called", () => {
    assert(
      property(string({ unit: "binary" }), (caller) => {
        const [share = -1] = shares([caller]);
        expect(share).toBeGreaterThanOrEqual(0);
        expect(share).toBeLessThan(1);
        expect(shares([caller])).toEqual([share]);
      }),
    );
  });

  it("draws anew for another version: nobody is always the first to try", () => {
    const callers = Array.from({ length: 10_000 }, (_, i) => `device ${i}`);
    const first = shares(callers);
    const second = shares(callers, "20260201T000000Z-0a1b2c3d");
    const both = callers.filter((_, i) => (first[i] ?? 1) < 0.5 && (second[i] ?? 1) < 0.5).length;

    expect(Math.abs(both / callers.length - 0.25)).toBeLessThan(0.02);
  });
});
