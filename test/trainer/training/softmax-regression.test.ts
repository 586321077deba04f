import { describe, expect, it } from "vitest";
import { classWeights } from "../../../trainer/training/class-weights.ts";
import { minimize } from "../../../trainer/training/minimize.ts";
import { stream } from "../../../trainer/training/random.ts";
import {
  fitSoftmaxRegression,
  type LabelledFeatures,
  linearLogits,
} from "../../../trainer/training/softmax-regression.ts";
import { scoreLogits } from "../../../trainer/training/validate.ts";

/** Rows around one centre a class, as many as wanted of each. */
function clouds(counts: readonly number[], size: number, seed: number): LabelledFeatures {
  const random = stream(seed, "clouds");
  const labels = Int32Array.from(
    counts.flatMap((count, label) => Array.from({ length: count }, () => label)),
  );
  const features = new Float32Array(labels.length * size);
  labels.forEach((label, row) => {
    for (let i = 0; i < size; i++) {
      const noise = random.uniform() + random.uniform() + random.uniform() - 1.5;
      features[row * size + i] = 3 + (i % counts.length === label ? 0.8 : 0) + noise;
    }
  });
  return { features, labels, size, classes: counts.length };
}

/** The loss of a solution, written down from its definition. */
function lossOf(rows: LabelledFeatures, weights: Float64Array, bias: Float64Array, l2: number): number {
  const { features, labels, size, classes } = rows;
  const mean = Array.from({ length: size }, (_, i) => {
    let sum = 0;
    for (let row = 0; row < labels.length; row++) sum += features[row * size + i] as number;
    return sum / labels.length;
  });
  let squares = 0;
  features.forEach((value, at) => (squares += (value - (mean[at % size] as number)) ** 2));
  const deviation = Math.sqrt(squares / features.length);
  const weightOf = classWeights(labels, classes);
  let loss = 0;
  labels.forEach((label, row) => {
    const logits = Array.from({ length: classes }, (_, c) => {
      let sum = bias[c] as number;
      for (let i = 0; i < size; i++) {
        sum += (features[row * size + i] as number) * (weights[i * classes + c] as number);
      }
      return sum;
    });
    const total = logits.reduce((sum, logit) => sum + Math.exp(logit), 0);
    loss += ((weightOf[label] as number) * (Math.log(total) - (logits[label] as number))) / labels.length;
  });
  return loss + (l2 / 2) * weights.reduce((sum, weight) => sum + (weight * deviation) ** 2, 0);
}

describe("minimize", () => {
  it("finds the bottom of Rosenbrock's valley", () => {
    const found = minimize(
      ([x = 0, y = 0], gradient) => {
        gradient[0] = -2 * (1 - x) - 400 * x * (y - x * x);
        gradient[1] = 200 * (y - x * x);
        return (1 - x) ** 2 + 100 * (y - x * x) ** 2;
      },
      Float64Array.of(-1.2, 1),
      { gainTolerance: 0 },
    );
    expect(found[0]).toBeCloseTo(1, 5);
    expect(found[1]).toBeCloseTo(1, 5);
  });
});

describe("fitSoftmaxRegression", () => {
  it("ends where no small change of any weight lowers the loss it is defined by", () => {
    const rows = clouds([40, 30, 20], 7, 1);
    const { weights, bias } = fitSoftmaxRegression(rows, 0.1);
    const best = lossOf(rows, weights, bias, 0.1);
    for (let i = 0; i < weights.length; i++) {
      for (const step of [-0.01, 0.01]) {
        const moved = weights.slice();
        moved[i] = (moved[i] as number) + step;
        expect(lossOf(rows, moved, bias, 0.1)).toBeGreaterThan(best);
      }
    }
  });

  it("gives small weights under a large penalty", () => {
    const rows = clouds([30, 30], 5, 2);
    const norm = (l2: number): number => Math.hypot(...fitSoftmaxRegression(rows, l2).weights);
    expect(norm(10)).toBeLessThan(norm(0.1) / 5);
  });

  it("gives the same numbers again", () => {
    const rows = clouds([30, 25], 6, 3);
    expect(fitSoftmaxRegression(rows, 0.1)).toEqual(fitSoftmaxRegression(rows, 0.1));
  });

  it("finds a rare class, which counts as much as the others", () => {
    const rows = clouds([400, 12], 8, 4);
    const { features, labels, classes } = clouds([50, 50], 8, 5);
    const logits = linearLogits(fitSoftmaxRegression(rows, 1), features);
    const rare = scoreLogits(logits.subarray(50 * classes), labels.subarray(50), classes);
    expect(rare.top1Accuracy).toBeGreaterThan(0.7);
  });
});

describe("classWeights", () => {
  it("leaves classes alone that differ by no more than 3 to 1", () => {
    expect([...classWeights(Int32Array.of(0, 0, 0, 1), 2)]).toEqual([1, 1]);
  });

  it("makes uneven classes count alike, 1 on the average of the images", () => {
    const labels = Int32Array.from([...Array.from({ length: 8 }, () => 0), 1, 1]);
    const weights = classWeights(labels, 3);
    expect([...weights]).toEqual([10 / 16, 10 / 4, 1]);
  });
});
