import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../trainer/storage/open-store.ts";
import { handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { runCli } from "./run-cli.ts";

const score = {
  precision: expect.any(Number),
  recall: expect.any(Number),
  delayFrames: { p50: expect.any(Number), p95: expect.any(Number) },
  falseAlarmsPerCameraDay: expect.any(Number),
};
const month = {
  total: expect.any(Number),
  requests: expect.any(Number),
  cpu: expect.any(Number),
  objectRequests: expect.any(Number),
  objectTime: expect.any(Number),
  rows: expect.any(Number),
};
const isLinux = process.platform === "linux";

let folder: string;

describe("simulate", () => {
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "edgewise-simulate-"));
    const store = await openStore(folder);
    const bundle = await handMadeBundle({ model: "simulation", labels: ["person", "empty", "vehicle"] });
    await putVersion(store, bundle);
    await putAlias(store, bundle);
  });

  afterAll(() => rm(folder, { recursive: true, force: true }));

  it("replays cameras through workerd and tells how well changes were told, what it costs and sustains", async () => {
    const { exitCode, json, stderr } = await runCli(
      "simulate",
      "--json",
      "--store",
      folder,
      "--cameras",
      "2",
      "--minutes",
      "1",
      "--sustain",
      "80",
    );
    expect(stderr).not.toContain("drawing 12000 scenes");
    expect(exitCode).toBe(0);
    expect(json).toMatchObject({
      model: "simulation",
      trainedSeconds: null,
      cameras: 2,
      seconds: 60,
      changes: expect.any(Number),
      ...score,
      perFrameTrigger: score,
      dedupShare: expect.any(Number),
      dropped: { duplicate: expect.any(Number) },
    });
    expect(json["dedupShare"]).toBeGreaterThan(0.2);
    if (!isLinux) return;
    const run = { frames: 80, framesPerCpuSecond: expect.any(Number), rssGrowthBytes: expect.any(Number) };
    expect(json).toMatchObject({
      cameraMonth: { everySecond: month, everyTenSeconds: month },
      sustained: {
        dedup: run,
        noDedup: run,
      },
    });
  });
});
