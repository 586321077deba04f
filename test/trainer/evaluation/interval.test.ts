import { describe, expect, it } from "vitest";
import { wilsonInterval } from "../../../trainer/evaluation/interval.ts";

describe("wilsonInterval", () => {
  // Published values of the Wilson score interval (R. G. Newcombe, Statistics in Medicine 17, 1998, table I, method 3).
  it.each([
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ])("gives the published interval of %d of %d", (successes, trials, low, high) => {
    const interval = wilsonInterval(successes, trials);
    expect(interval.low).toBeCloseTo(low, 4);
    expect(interval.high).toBeCloseTo(high, 4);
  });

  it("knows nothing without trials, and stays within 0 and 1", () => {
    expect(wilsonInterval(0, 0)).toEqual({ low: 0, high: 1 });
    expect(wilsonInterval(5, 5).high).toBe(1);
  });
});
