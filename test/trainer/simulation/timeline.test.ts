import { describe, expect, it } from "vitest";
import { loadJpegEncoder } from "../../../trainer/assets.ts";
import { drawSeries } from "../../../trainer/simulation/draw-series.ts";
import { planTimeline, type Timeline } from "../../../trainer/simulation/timeline.ts";

function plansOf(seed: number): Timeline[] {
  return Array.from({ length: 20 }, (_, camera) => planTimeline(seed, camera, 600));
}

describe("what simulated cameras see", () => {
  it.each([1, 2, 3, 4, 5])("changes 200 times at least in ten minutes of 20 cameras, by seed %d", (seed) => {
    const plans = plansOf(seed);
    const changes = plans.reduce((sum, { segments }) => sum + segments.length - 1, 0);
    expect(changes).toBeGreaterThanOrEqual(200);
    for (const { segments } of plans) {
      for (const [i, segment] of segments.entries()) {
        expect(segment.to - segment.from).toBeGreaterThanOrEqual(30);
        expect(segment.label).not.toBe(segments[i + 1]?.label);
      }
    }
  });

  it("is spoilt, frozen, stalled, sent twice and sent late", () => {
    const plans = plansOf(1);
    const fates = plans.flatMap((plan) => plan.fates);
    for (const trouble of ["flash", "dark", "band", "blur"] as const) {
      expect(fates.filter((fate) => fate.trouble === trouble).length).toBeGreaterThan(20);
    }
    expect(fates.filter(({ frozen }) => frozen).length).toBeGreaterThan(100);
    expect(fates.some(({ gain }) => gain > 1.08)).toBe(true);
    for (const { sendings } of plans) {
      const frames = sendings.map(({ frame }) => frame);
      expect(frames.length).toBeGreaterThan(new Set(frames).size);
      expect(new Set(frames).size).toBeLessThanOrEqual(600 - 18);
      expect(sendings.some(({ second, frame }) => second > frame)).toBe(true);
    }
  });

  it("is drawn the same by the same seed, with other noise in every frame but frozen ones", () => {
    const encode = loadJpegEncoder();
    const plan = planTimeline(3, 0, 60);
    const frames = drawSeries(3, plan, encode);
    expect(frames).toHaveLength(60);
    expect(drawSeries(3, plan, encode)).toEqual(frames);
    for (const { second, frozen } of plan.fates.slice(1)) {
      const isSame = Buffer.from(frames[second] ?? []).equals(frames[second - 1] ?? new Uint8Array());
      expect(isSame).toBe(frozen);
    }
  });
});
