import { beforeAll, describe, expect, it } from "vitest";
import { softmax } from "../../../shared/inference/softmax.ts";
import { isUnknown } from "../../../shared/inference/unknown.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { classCentres } from "../../../trainer/evaluation/class-centres.ts";
import {
  bestUnknownRule,
  compareUnknownRules,
  type EmbeddedImages,
  thresholdRule,
} from "../../../trainer/evaluation/unknown-rules.ts";
import { createRandom } from "../release/random.ts";

const size = 8;

/** Clouds around one axis a class: strange classes point another way. */
function clouds(seed: number, classes: number, each: number, spread: number): EmbeddedImages {
  const random = createRandom(seed);
  const labels = Int32Array.from({ length: classes * each }, (_, i) => i % classes);
  const embeddings = new Float32Array(labels.length * size);
  for (const [i, label] of labels.entries()) {
    for (let j = 0; j < size; j++)
      embeddings[i * size + j] = (2 * random.uniform() - 1) * spread + Number(j === label) * 3;
  }
  return { embeddings, labels };
}

/** One cloud whose images bear any label. */
function blind(seed: number): EmbeddedImages {
  return { ...clouds(seed, 1, 120, 1), labels: Int32Array.from({ length: 120 }, (_, i) => i % 3) };
}

beforeAll(openInference);

describe("compareUnknownRules", () => {
  it("finds classes that were left out when they lie apart", async () => {
    const { auroc, heldOut } = await compareUnknownRules(clouds(1, 4, 20, 0.5), clouds(2, 4, 10, 0.5), 4);
    expect(heldOut).toEqual([0, 1, 2, 3]);
    for (const area of Object.values(auroc)) expect(area).toBeGreaterThan(0.95);
  });

  it("is a coin toss when nothing tells the classes apart", async () => {
    const { auroc } = await compareUnknownRules(blind(1), blind(2), 3);
    for (const area of Object.values(auroc)) expect(Math.abs((area ?? 0) - 0.5)).toBeLessThan(0.15);
  });

  it("measures only the distance with two classes, since one left has nothing to be told from", async () => {
    const comparison = await compareUnknownRules(clouds(1, 2, 20, 0.5), clouds(2, 2, 10, 0.5), 2);
    expect(comparison.auroc).toEqual({
      "max-probability": null,
      energy: null,
      "feature-distance": expect.closeTo(1, 1),
    });
    expect(bestUnknownRule(comparison)).toBe("feature-distance");
  });
});

describe("bestUnknownRule", () => {
  it("prefers the simpler of equals, and the top probability when nothing is known", () => {
    const equal = { "max-probability": 0.8, energy: 0.8, "feature-distance": 0.8 };
    expect(bestUnknownRule({ auroc: equal })).toBe("max-probability");
    expect(bestUnknownRule({ auroc: { ...equal, energy: 0.9 } })).toBe("energy");
    const none = { "max-probability": null, energy: null, "feature-distance": null };
    expect(bestUnknownRule({ auroc: none })).toBe("max-probability");
  });
});

describe("thresholdRule", () => {
  const { embeddings, labels } = clouds(3, 4, 50, 0.5);
  const centres = classCentres(embeddings, labels, 4);
  const context = { classes: 4, temperature: 1, centres, file: "centres.bin" };
  const logits = Float32Array.from({ length: 800 }, (_, i) => Math.sin(i * 1.3) * 3);

  it.each(["max-probability", "energy", "feature-distance"] as const)(
    "calls at most the wanted share of familiar images unknown by %s",
    (name) => {
      const rule = thresholdRule(name, { logits, embeddings }, context, 0.05);
      expect(rule.rule).toBe(name);
      expect(refusedBy(rule)).toBeLessThanOrEqual(0.05 * 200);
      expect(refusedBy(rule)).toBeGreaterThan(0);
    },
  );

  it("calls none of them unknown when the share is less than an image, and no rule holds for fewer than 20", () => {
    expect(refusedBy(thresholdRule("energy", { logits, embeddings }, context, 0.001))).toBe(0);
    const few = { logits: logits.subarray(0, 40) };
    expect(thresholdRule("energy", few, context, 0.01)).toEqual({ rule: "none" });
  });

  function refusedBy(rule: ReturnType<typeof thresholdRule>): number {
    return Array.from({ length: 200 }, (_, i) => {
      const row = logits.subarray(i * 4, i * 4 + 4);
      const embedding = embeddings.subarray(i * size, (i + 1) * size);
      return isUnknown(
        rule,
        { logits: row, probabilities: softmax(row, 1), temperature: 1, embedding },
        centres,
      );
    }).filter(Boolean).length;
  }
});
