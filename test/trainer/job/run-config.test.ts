import { describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { ChosenPlan, HeadPlan } from "../../../trainer/job/plan.ts";
import { type RunRequest, settleConfig } from "../../../trainer/job/run-config.ts";

const plan: HeadPlan = { mode: "head", backbone: "mobilenet-v2-1.0-224", size: 224, views: 1 };
const request: RunRequest = {
  model: "gate",
  engine: "wasm",
  dataset: "0".repeat(64),
  requested: { mode: "auto", backbone: undefined, seed: 1 },
};
const chosen = async (): Promise<ChosenPlan> => ({ plan, why: "the best features" });

describe("settleConfig", () => {
  it("keeps the plan of a run that goes on, without choosing again", async () => {
    const store = createMemoryStore();
    const first = await settleConfig(store, "run-1", request, chosen);
    const again = await settleConfig(store, "run-1", request, () => {
      throw new Error("chose again");
    });
    expect(again).toEqual(first);
    expect(again).toMatchObject({ plan, why: "the best features" });
  });

  it("refuses to go on with other wishes", async () => {
    const store = createMemoryStore();
    await settleConfig(store, "run-1", request, chosen);
    const other = { ...request, requested: { ...request.requested, seed: 2 } };
    await expect(settleConfig(store, "run-1", other, chosen)).rejects.toMatchObject({
      code: "invalid_argument",
      message: expect.stringContaining("choose another --run"),
    });
  });
});
