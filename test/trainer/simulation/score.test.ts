import { describe, expect, it } from "vitest";
import { costOfMonth } from "../../../trainer/simulation/cost.ts";
import { type CameraRun, scoreRuns } from "../../../trainer/simulation/score.ts";

/** Sees nothing, then a person for 40 s, then a vehicle; sends every second but the 21st. */
const run: CameraRun = {
  segments: [
    { label: "empty", from: 0, to: 20 },
    { label: "person", from: 20, to: 60 },
    { label: "vehicle", from: 60, to: 100 },
  ],
  sent: Array.from({ length: 100 }, (_, second) => second).filter((second) => second !== 21),
  told: [],
};

describe("scoreRuns", () => {
  it("finds each change by its first telling, counted in frames that were sent", () => {
    const told = [
      { second: 22, label: "person" },
      { second: 65, label: "vehicle" },
    ];
    expect(scoreRuns([{ ...run, told }], 100)).toEqual({
      changes: 2,
      precision: 1,
      recall: 1,
      // 20 was sent before 22, 21 was not; 60 to 64 before 65
      delayFrames: { p50: 1, p95: 5 },
      falseAlarmsPerCameraDay: 0,
    });
  });

  it("counts what is told twice, too early or wrongly as false, and what is not told as missed", () => {
    const told = [
      { second: 10, label: "person" },
      { second: 25, label: "person" },
      { second: 30, label: "empty" },
      { second: 31, label: "person" },
    ];
    const score = scoreRuns([{ ...run, told }, run], 100);
    expect(score).toMatchObject({ changes: 4, precision: 1 / 4, recall: 1 / 4 });
    // three in two hundred seconds
    expect(score.falseAlarmsPerCameraDay).toBeCloseTo((3 * 86_400) / 200);
  });
});

describe("costOfMonth", () => {
  it("adds up the list prices of what a frame takes", () => {
    const use = { cpuMs: 5, rowsRead: 2, rowsWritten: 0.1, objectRequests: 1 };
    const cost = costOfMonth(use, 1);
    // 2,629,746 frames: $0.30 a million requests, $0.02 a million ms, $0.15, $12.50 a million GB-s of 0.128 GB, $0.001, $1
    expect(cost).toMatchObject({
      requests: expect.closeTo(0.7889, 3),
      cpu: expect.closeTo(0.263, 3),
      objectRequests: expect.closeTo(0.3945, 3),
      objectTime: expect.closeTo(0.021, 3),
      rows: expect.closeTo(0.2682, 3),
    });
    expect(cost.total).toBeCloseTo(1.7356, 3);
    expect(costOfMonth(use, 10).total).toBeCloseTo(cost.total / 10);
  });
});
