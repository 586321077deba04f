import { describe, expect, it } from "vitest";
import { isScheduled } from "../../../shared/camera/schedule.ts";
import { cameraConfig } from "./camera-fixtures.ts";

const days = [1, 2, 3, 4, 5];
const at = (iso: string): number => Date.parse(iso);

describe("isScheduled", () => {
  it("goes by local time and weekday", () => {
    const schedule = { timeZone: "Europe/Berlin", windows: [{ days, from: "08:00", to: "18:00" }] };
    // Monday; Berlin is an hour ahead in winter, two in summer
    expect(isScheduled(schedule, at("2026-02-02T07:00:00Z"))).toBe(true);
    expect(isScheduled(schedule, at("2026-02-02T06:59:00Z"))).toBe(false);
    expect(isScheduled(schedule, at("2026-07-06T06:00:00Z"))).toBe(true);
    expect(isScheduled(schedule, at("2026-02-02T17:00:00Z"))).toBe(false);
    expect(isScheduled(schedule, at("2026-02-01T10:00:00Z"))).toBe(false);
  });

  it("goes over midnight into the next day only", () => {
    const schedule = { timeZone: "UTC", windows: [{ days: [5], from: "22:00", to: "06:00" }] };
    expect(isScheduled(schedule, at("2026-02-06T23:00:00Z"))).toBe(true);
    expect(isScheduled(schedule, at("2026-02-07T05:59:00Z"))).toBe(true);
    expect(isScheduled(schedule, at("2026-02-07T06:00:00Z"))).toBe(false);
    expect(isScheduled(schedule, at("2026-02-07T23:00:00Z"))).toBe(false);
    expect(isScheduled(schedule, at("2026-02-06T05:00:00Z"))).toBe(false);
  });
});

describe("the configuration of a camera", () => {
  it.each([
    [
      { schedule: { timeZone: "Mars/Olympus", windows: [{ days, from: "08:00", to: "18:00" }] } },
      "time zone",
    ],
    [{ vote: { k: 6, n: 5 } }, "at most n"],
    [{ region: { left: 0.6, top: 0, width: 0.5, height: 1 } }, "within the frame"],
  ])("rejects %j", (part, message) => {
    expect(() => cameraConfig(part)).toThrow(message);
  });
});
