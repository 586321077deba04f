import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { DatasetImage } from "../../../shared/contract/dataset.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { openWasmEngine } from "../../../trainer/engine/wasm-engine.ts";
import { choosePlan, type PlanWishes } from "../../../trainer/job/choose-plan.ts";
import { startDeadline } from "../../../trainer/job/deadline.ts";
import type { PlanFacts } from "../../../trainer/job/plan-facts.ts";
import { silent } from "./tiny-job.ts";

const models = fileURLToPath(new URL("../../../../shared/data/models/", import.meta.url));
const present = existsSync(models);

let engine: PlanFacts["engine"];
beforeAll(async () => {
  engine = await openWasmEngine();
});
afterEach(() => vi.unstubAllEnvs());

/** A dataset of images of one size, a tenth of them for each split but that of training. */
function facts(count: number, side: number, change: Partial<PlanFacts> = {}): PlanFacts {
  const splits = ["validation", "calibration", "test"] as const;
  const images = Array.from({ length: count }, (_, i): DatasetImage => ({
    path: `${i}.jpg`,
    sha256: String(i).padStart(64, "0"),
    bytes: 1,
    width: side,
    height: side,
    label: i % 2 === 0 ? "ants" : "bees",
    split: splits[i % 10] ?? "train",
    perceptualHash: "0".repeat(16),
  }));
  return {
    dataset: { images, labels: ["ants", "bees"] },
    isDrawn: false,
    seed: 1,
    engine,
    deadline: startDeadline(null),
    decodeMs: 1,
    store: createMemoryStore(),
    signal: new AbortController().signal,
    workers: 1,
    ...change,
  };
}

const wishes = (change: Partial<PlanWishes> = {}): PlanWishes => ({ mode: "auto", scratch: {}, ...change });

describe("choosePlan", () => {
  it.for([
    ["the drawn scenes", wishes(), { isDrawn: true }, 300, 160, /no photos/],
    ["many small images", wishes(), {}, 3000, 32, /2100 images of 32 px/],
    ["epochs that were asked for", wishes({ scratch: { epochs: 3 } }), {}, 300, 500, /^epochs is of nets/],
    ["a wish", wishes({ mode: "scratch" }), {}, 300, 500, /^as asked$/],
  ] as const)("trains from scratch for %s, and says why", async ([, wish, change, count, side, why]) => {
    const choice = await choosePlan(wish, facts(count, side, change), silent);
    expect(choice.plan.mode).toBe("scratch");
    expect(choice.why).toMatch(why);
  });

  it.for(["none", "median3"] as const)("removes noise as asked: %s", async (denoise) => {
    for (const mode of ["scratch", "finetune"] as const) {
      const { plan } = await choosePlan(wishes({ mode, denoise }), facts(300, 500), silent);
      expect(plan).toMatchObject({ mode, denoise });
    }
  });

  it("leaves both ways of noise removal to the training of last layers, and to a trial before a net from scratch", async () => {
    const both = { denoise: "auto" } as const;
    const tail = await choosePlan(wishes({ mode: "finetune", ...both }), facts(300, 500), silent);
    expect(tail.plan).toMatchObject(both);
    const net = await choosePlan(wishes({ mode: "scratch", ...both }), facts(300, 500), silent);
    expect(net.plan).not.toHaveProperty("denoise");
  });

  it.for([
    ["a deeper net in days", 72, {}, "deep-cnn"],
    ["the small one in minutes", 0.2, {}, "small-cnn"],
    ["the small one where anything of it is fixed", 72, { epochs: 4 }, "small-cnn"],
  ] as const)("trains on many small images %s", async ([, hours, scratch, architecture]) => {
    const deadline = startDeadline(hours * 3_600_000);
    const { plan, why } = await choosePlan(wishes({ scratch }), facts(15_000, 32, { deadline }), silent);
    expect(plan).toMatchObject({ mode: "scratch", architecture });
    expect(why).toMatch(/\d+ epochs fit/);
  });

  it("keeps to a budget with fewer passes and smaller images", async () => {
    const wish = wishes({ mode: "scratch" });
    const free = await choosePlan(wish, facts(300, 500), silent);
    const rich = await choosePlan(wish, facts(300, 500, { deadline: startDeadline(1e12) }), silent);
    const poor = await choosePlan(wish, facts(300, 500, { deadline: startDeadline(1) }), silent);
    expect(rich.plan).toEqual(free.plan);
    expect(poor.plan).toMatchObject({ size: 32, training: { epochs: 1 } });
  });

  describe.skipIf(!present)("with backbones (need ../shared/data)", () => {
    it("takes the best features when there is time, and none when there is none", async () => {
      vi.stubEnv("EDGEWISE_BACKBONES", models);
      const rich = facts(200, 500, { deadline: startDeadline(1e12) });
      const choice = await choosePlan(wishes(), rich, silent);
      expect(choice.plan).toEqual({ mode: "head", backbone: "mobilenet-v2-1.0-224", size: 224, views: 1 });
      expect(choice.why).toMatch(/^160 photos to learn from; the best features; \d+ ms an image/);
      choice.opened?.embedder.dispose();
      const poor = choosePlan(wishes(), facts(200, 500, { deadline: startDeadline(1) }), silent);
      await expect(poor).rejects.toMatchObject({
        code: "budget_exceeded",
        message: expect.stringMatching(/allow --budget \d+s or use --limit \d+/),
      });
    });

    it("takes a small net for last layers, taught by the best", async () => {
      const choice = await choosePlan(wishes({ mode: "finetune" }), facts(200, 500), silent);
      expect(choice.plan).toMatchObject({ mode: "finetune", teacher: "mobilenet-v2-1.0-224" });
    });
  });
});
