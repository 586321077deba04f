import { describe, expect, it } from "vitest";
import type { EmbeddedImages } from "../../../trainer/training/fit-rows.ts";
import { fitHead, foldHoldOuts } from "../../../trainer/training/head.ts";
import { openKnownClasses } from "../../../trainer/training/known-classes.ts";
import { stream } from "../../../trainer/training/random.ts";

const size = 48;
const knownCount = 60;
const classes = 4;
const count = 80;

function images(): EmbeddedImages {
  const random = stream(1, "images");
  const labels = Int32Array.from({ length: count }, (_, i) => i % classes);
  const features = Float32Array.from(
    { length: count * size },
    (_, at) => random.uniform() + (at % classes === (labels[Math.floor(at / size)] ?? 0) ? 0.2 : 0),
  );
  const weights = Float32Array.from({ length: size * knownCount }, () => random.uniform() - 0.5);
  const known = openKnownClasses({ weights, bias: new Float32Array(knownCount) }, [features]);
  return { views: [features], labels, size, classes, known };
}

const all = Array.from({ length: count }, (_, index) => index);
const holdOuts = foldHoldOuts(all, (index) => Math.floor(index / classes) % 5, [0, 1, 2, 3, 4]);

/** A clock on which only the steps of a fit take time, since it is asked after each: a millisecond. */
function steps(budgetMs: number): { readonly leftMs: () => number; readonly elapsedMs: () => number } {
  let elapsed = 0;
  return { leftMs: () => budgetMs - elapsed++, elapsedMs: () => elapsed };
}

describe("a head that has so much time", () => {
  const whole = steps(1e9);
  const free = fitHead(images(), all, holdOuts);
  fitHead(images(), all, holdOuts, whole.leftMs);

  it("is the same, to the bit, with much time and without a limit", () => {
    const { way, classifier, tried, ways } = fitHead(images(), all, holdOuts, steps(1e9).leftMs);
    expect({ way, classifier, tried, ways }).toEqual({
      way: free.way,
      classifier: free.classifier,
      tried: 4,
      ways: 4,
    });
  });

  it.for([0.75, 0.5, 0.25, 0.1])(
    "tries fewer ways in %f of the time that all take, and ends in time",
    (share) => {
      const budgetMs = share * whole.elapsedMs();
      const clock = steps(budgetMs);
      const { tried, validation } = fitHead(images(), all, holdOuts, clock.leftMs);
      expect(tried).toBeLessThan(4);
      expect(tried).toBeGreaterThanOrEqual(1);
      expect(clock.elapsedMs()).toBeLessThanOrEqual(1.1 * budgetMs + 2);
      expect(validation.top1Accuracy).toBeGreaterThan(1 / classes);
    },
  );

  it("ends at once when no time is left, with a head all the same", () => {
    const clock = steps(0);
    const { tried, classifier } = fitHead(images(), all, holdOuts, clock.leftMs);
    expect(tried).toBe(1);
    expect(clock.elapsedMs()).toBeLessThan(30);
    expect(classifier.weights.every(Number.isFinite)).toBe(true);
  });
});
