import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Metrics } from "../../../shared/contract/manifest.ts";
import { decideGate, type GatePolicy } from "../../../trainer/evaluation/gate.ts";
import { computeMetrics } from "../../../trainer/evaluation/metrics.ts";

const policy: GatePolicy = { minimumAccuracy: 0.5, minimumGain: 0, maximumRecallLoss: 0.05 };
const labels = ["ant", "bee"];

/** Metrics of a model that names so many of 100 images of each class rightly. */
function metricsOf(ants: number, bees: number): Metrics {
  const actual = Array.from({ length: 200 }, (_, i) => (i < 100 ? 0 : 1));
  const probabilities = actual.flatMap((classIndex, i) => {
    const right = classIndex === 0 ? i < ants : i - 100 < bees;
    const named = right ? classIndex : 1 - classIndex;
    return named === 0 ? [1, 0] : [0, 1];
  });
  return computeMetrics(probabilities, actual, labels);
}

const rules = (challenger: Metrics, champion: Metrics | null): string[] =>
  decideGate(challenger, champion, policy).reasons.map(({ rule }) => rule);

describe("the gate", () => {
  it("lets the first version through that is good enough, and none that is not", ({ expect }) => {
    expect(decideGate(metricsOf(60, 60), null, policy)).toEqual({ promote: true, reasons: [] });
    expect(rules(metricsOf(40, 40), null)).toEqual(["minimum-accuracy"]);
  });

  it("lets a tie through and refuses one image less", ({ expect }) => {
    expect(rules(metricsOf(80, 80), metricsOf(80, 80))).toEqual([]);
    expect(rules(metricsOf(80, 79), metricsOf(80, 80))).toEqual(["gain"]);
  });

  it("refuses a better average that gives up a class", ({ expect }) => {
    expect(rules(metricsOf(74, 100), metricsOf(80, 80))).toEqual(["class-recall"]);
    expect(rules(metricsOf(75, 100), metricsOf(80, 80))).toEqual([]);
  });

  it("never refuses a challenger that is better than one it lets through", ({ expect }) => {
    const right = fc.integer({ min: 0, max: 100 });
    fc.assert(
      fc.property(right, right, right, right, right, right, (a, b, moreA, moreB, c, d) => {
        const champion = metricsOf(c, d);
        const worse = decideGate(metricsOf(a, b), champion, policy);
        const better = decideGate(metricsOf(Math.max(a, moreA), Math.max(b, moreB)), champion, policy);
        expect(better.promote || !worse.promote).toBe(true);
      }),
      { seed: 1, numRuns: 200 },
    );
  });
});
