import { afterAll, beforeAll, describe, it } from "vitest";
import { type Ground, openGround } from "../pipeline/ground.ts";
import { scenarios } from "../pipeline/scenarios.ts";

let ground: Ground;

beforeAll(async () => {
  ground = await openGround(() => undefined);
});

afterAll(() => ground.remove());

// All scenarios: npm run pipeline:drill.
describe("the synthesised retraining pipeline on this machine", () => {
  it("trains, gates, publishes and promotes where nothing serves yet", async ({ expect }) => {
    await ground.upload(14, 20);
    const end = await ground.run({ plan: { epochs: 1, size: 32 } });
    expect(end).toMatchObject({ ended: "succeeded", report: { outcome: "promoted" } });
    expect(end.states).toEqual(expect.arrayContaining(["Audit", "Train", "Evaluate", "Publish", "Promote"]));
    expect(await ground.alias(ground.serving)).toMatchObject({ previous: null });
  });

  it.for(["no new data", "publish killed between S3 and R2"])(
    "goes through: %s",
    async (name, { expect }) => {
      const scenario = scenarios.find((candidate) => candidate.name === name);
      await expect(scenario?.play(ground)).resolves.toEqual(expect.any(String));
    },
  );
});
