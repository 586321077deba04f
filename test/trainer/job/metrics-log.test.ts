import { describe, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ObjectStore } from "../../../shared/store/object-store.ts";
import { openMetricsLog } from "../../../trainer/job/metrics-log.ts";
import type { EpochMetrics } from "../../../trainer/training/training-request.ts";

function epochMetrics(epoch: number, trainLoss: number): EpochMetrics {
  return {
    epoch,
    step: 10 * (epoch + 1),
    learningRate: 1e-3,
    trainLoss,
    validationLoss: 1,
    validationTop1Accuracy: 0.5,
    best: true,
  };
}

async function readLines(store: ObjectStore): Promise<EpochMetrics[]> {
  const found = await store.get("runs/r/metrics.jsonl");
  if (found.kind !== "found") return [];
  return new TextDecoder()
    .decode(found.bytes)
    .trimEnd()
    .split("\n")
    .map((line): EpochMetrics => JSON.parse(line));
}

describe("the metrics of a run", () => {
  it("are written after every epoch, in order", async ({ expect }) => {
    const store = createMemoryStore();
    const log = await openMetricsLog(store, "r");
    log.append(epochMetrics(0, 2));
    log.append(epochMetrics(1, 1));
    await log.flush();
    expect((await readLines(store)).map(({ epoch }) => epoch)).toEqual([0, 1]);
  });

  it("keep the epochs before an interruption, and replace those that are run again", async ({ expect }) => {
    const store = createMemoryStore();
    const first = await openMetricsLog(store, "r");
    for (const epoch of [0, 1, 2]) first.append(epochMetrics(epoch, 2));
    await first.flush();
    const continued = await openMetricsLog(store, "r");
    continued.append(epochMetrics(1, 9));
    await continued.flush();
    expect((await readLines(store)).map(({ epoch, trainLoss }) => [epoch, trainLoss])).toEqual([
      [0, 2],
      [1, 9],
    ]);
  });

  it("tell when the store refused them", async ({ expect }) => {
    const refusing = createMemoryStore();
    refusing.put = () => Promise.reject(new Error("disk full"));
    const log = await openMetricsLog(refusing, "r");
    log.append(epochMetrics(0, 2));
    await expect(log.flush()).rejects.toThrow("disk full");
  });
});
