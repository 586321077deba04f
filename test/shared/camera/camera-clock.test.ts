import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  checkOrder,
  type ClockState,
  type ClockVerdict,
  newClock,
} from "../../../shared/camera/camera-clock.ts";
import { noon } from "./camera-fixtures.ts";

type Times = readonly [at: number | null, arrived: number];

/** Verdicts on frames whose times are seconds after noon. */
function verdicts(times: readonly Times[], skewSeconds = 0, lateSeconds = 10): ClockVerdict[] {
  let clock: ClockState = newClock;
  return times.map(([at, arrived], i) => {
    const checked = checkOrder(
      clock,
      {
        at: at === null ? null : noon + (at + skewSeconds) * 1000,
        arrivedAt: noon + arrived * 1000,
        fingerprint: String(i),
      },
      lateSeconds * 1000,
    );
    clock = checked.clock;
    return checked.verdict;
  });
}

const timesArbitrary = fc.array(fc.tuple(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 0, max: 20 })), {
  maxLength: 60,
});

/** Frames that arrive in the order of their arrival. */
function byArrival(drawn: readonly (readonly [number, number])[]): Times[] {
  return drawn.map(([at, delay]): Times => [at, at + delay]).toSorted((a, b) => a[1] - b[1]);
}

describe("checkOrder", () => {
  it("takes frames in order and drops older ones and what comes twice", () => {
    expect(
      verdicts([
        [0, 0],
        [1, 1],
        [3, 3],
        [2, 3.1],
        [4, 4],
      ]),
    ).toEqual(["in_order", "in_order", "in_order", "out_of_order", "in_order"]);
    const twice = { at: noon, arrivedAt: noon, fingerprint: "same" };
    const { clock } = checkOrder(newClock, twice, 1000);
    expect(checkOrder(clock, twice, 1000).verdict).toBe("duplicate");
    expect(checkOrder(clock, { ...twice, fingerprint: "other" }, 1000).verdict).toBe("in_order");
  });

  it("drops what comes later than usual, however wrong the clock is", () => {
    for (const skew of [0, -7200, 86_400 * 365]) {
      expect(
        verdicts(
          [
            [0, 1],
            [1, 2],
            [2, 14],
            [3, 4],
          ],
          skew,
        ),
      ).toEqual(["in_order", "in_order", "late", "in_order"]);
    }
  });

  it("takes everything from a camera that tells no time", () => {
    expect(
      verdicts([
        [null, 0],
        [null, 5],
        [null, 5],
      ]),
    ).toEqual(["in_order", "in_order", "in_order"]);
  });

  it("follows a clock that is set back, or set while the camera was away", () => {
    const before: Times[] = [
      [0, 0],
      [1, 1],
      [2, 2],
    ];
    const setBack = [3, 4, 5, 6, 7].map((s): Times => [s - 3600, s]);
    expect(verdicts([...before, ...setBack]).slice(3)).toEqual([
      "out_of_order",
      "out_of_order",
      "in_order",
      "in_order",
      "in_order",
    ]);
    const away = [7200, 7201, 7202, 7203].map((s): Times => [s - 1800, s]);
    expect(verdicts([...before, ...away]).slice(-2)).toEqual(["in_order", "in_order"]);
  });

  it("does not take a backlog that is sent at once for a clock that was set", () => {
    const live = Array.from({ length: 30 }, (_, s): Times => [s, s]);
    const backlog = Array.from({ length: 12 }, (_, i): Times => [i + 5.5, 30 + i * 0.2]);
    expect(new Set(verdicts([...live, ...backlog]).slice(30))).toEqual(new Set(["out_of_order"]));
  });

  it("judges the same whatever the skew", () => {
    fc.assert(
      fc.property(timesArbitrary, fc.integer({ min: -1e6, max: 1e6 }), (drawn, skew) => {
        const times = byArrival(drawn);
        expect(verdicts(times, skew)).toEqual(verdicts(times));
      }),
    );
  });

  it("takes frames again within four seconds of steady time, whatever came before", () => {
    fc.assert(
      fc.property(timesArbitrary, fc.integer({ min: -1e5, max: 1e5 }), (drawn, jump) => {
        const times = byArrival(drawn);
        const from = Math.max(0, ...times.map(([, arrived]) => arrived)) + 1;
        const steady = Array.from({ length: 9 }, (_, i): Times => [from + i + jump, from + i]);
        expect(verdicts([...times, ...steady]).slice(-4)).toEqual(Array(4).fill("in_order"));
      }),
    );
  });
});
