import type { Metrics, ReleaseMetrics } from "../../shared/contract/manifest.ts";
import { topClass } from "../evaluation/probability-quality.ts";

/** How much a bundle may lose against the float model, as fractions of the test split's images. */
export interface Budget {
  /** Top-1 accuracy lost. */
  readonly top1Loss: number;
  /** Images on which both must name the same class. */
  readonly agreement: number;
  /** Recall lost by any one class. */
  readonly recallLoss: number;
}

/** The budget of a release that names none. */
export const defaultBudget: Budget = { top1Loss: 0.005, agreement: 0.99, recallLoss: 0.02 };

/** How far a bundle is from its float model. */
export type Parity = ReleaseMetrics["parity"];

/** Logits and probabilities of the same images, row by row. */
export interface Outputs {
  /** [N, C] */
  readonly logits: Float32Array;
  /** [N, C] */
  readonly probabilities: Float32Array;
}

/** Compares two models' outputs on the same images. */
export function measureParity(float: Outputs, bundle: Outputs, classes: number): Parity {
  const images = float.logits.length / classes;
  let same = 0;
  for (let i = 0; i < images; i++) {
    const [a, b] = [float, bundle].map((outputs) => topClass(outputs.probabilities, i * classes, classes));
    same += a === b ? 1 : 0;
  }
  return {
    maxLogitDelta: largestDelta(float.logits, bundle.logits),
    maxProbabilityDelta: largestDelta(float.probabilities, bundle.probabilities),
    top1Agreement: images === 0 ? 1 : same / images,
  };
}

/**
 * What a bundle loses beyond the budget, one line each; nothing when it is within.
 * Limits are counted in whole images, and each allows at least one: on a small test split a single image would
 * else be more than the budget, and uint8 would be refused for a coin toss.
 */
export function findShortfalls(float: Metrics, bundle: Metrics, parity: Parity, budget: Budget): string[] {
  const shortfalls: string[] = [];
  const check = (what: string, lost: number, images: number, fraction: number): void => {
    const allowed = Math.max(1, Math.floor(fraction * images + 1e-9));
    if (Math.round(lost) > allowed) {
      shortfalls.push(`${what}: ${Math.round(lost)} of ${images} images, ${allowed} allowed`);
    }
  };
  const { images } = float;
  check("top-1 lost", (float.top1Accuracy - bundle.top1Accuracy) * images, images, budget.top1Loss);
  check("other class named", (1 - parity.top1Agreement) * images, images, 1 - budget.agreement);
  for (const [c, before] of float.perClass.entries()) {
    const after = bundle.perClass[c]?.recall ?? 0;
    const lost = (before.recall - after) * before.images;
    check(`recall of ${before.label} lost`, lost, before.images, budget.recallLoss);
  }
  return shortfalls;
}

/** Largest absolute difference between two lists of one length; NaN when one holds a NaN. */
export function largestDelta(a: Float32Array, b: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < a.length; i++) {
    largest = Math.max(largest, Math.abs((a[i] as number) - (b[i] as number)));
  }
  return largest;
}
