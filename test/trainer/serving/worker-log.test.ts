import { describe, it } from "vitest";
import { readLogLine } from "../../../trainer/serving/worker-log.ts";

const request = {
  level: "info",
  event: "request",
  method: "GET",
  route: "/models",
  status: 200,
  durationMs: 3,
};

describe("readLogLine", () => {
  it("shortens a request that went as it should", ({ expect }) => {
    expect(readLogLine(JSON.stringify(request))).toEqual({ routine: true, text: "GET /models 200 3 ms" });
  });

  it("names the version that serves", ({ expect }) => {
    const line = JSON.stringify({
      level: "info",
      event: "model-loaded",
      version: "20260131T235959Z-0a1b2c3d",
    });
    expect(readLogLine(line)).toEqual({
      routine: false,
      text: "the Worker serves 20260131T235959Z-0a1b2c3d",
    });
  });

  it("shows everything else as it is", ({ expect }) => {
    expect(readLogLine("no JSON at all")).toEqual({ routine: false, text: "no JSON at all" });
  });
});
