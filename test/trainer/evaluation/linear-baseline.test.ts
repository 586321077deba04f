import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageSet } from "../../../trainer/data/image-set.ts";
import { fitLinearBaseline } from "../../../trainer/evaluation/linear-baseline.ts";
import { useWasm } from "../release/backends.ts";
import { createRandom, type Random } from "../release/random.ts";

const side = 8;

/** Images of two classes in turn; `draw` gives the bytes of one. */
function imageSet(
  seed: number,
  count: number,
  draw: (classIndex: number, random: Random) => number[],
): ImageSet {
  const random = createRandom(seed);
  const labels = Int32Array.from({ length: count }, (_, i) => i % 2);
  const images = Uint8Array.from([...labels].flatMap((label) => draw(label, random)));
  return { width: side, height: side, images, labels, classes: 2, paths: [] };
}

function splits(draw: (classIndex: number, random: Random) => number[]) {
  return {
    train: imageSet(1, 300, draw),
    validation: imageSet(2, 200, draw),
    test: imageSet(3, 300, draw),
  };
}

/** Noise, a little brighter in class 1. */
function brightness(difference: number): (classIndex: number, random: Random) => number[] {
  return (classIndex, random) =>
    Array.from({ length: side * side * 3 }, () => 100 + difference * classIndex + random.integer(40));
}

/** Dots that are bright or dark by chance; in class 0 both of a pair are alike, in class 1 they differ. */
function pairs(classIndex: number, random: Random): number[] {
  return Array.from({ length: (side * side) / 2 }, () => {
    const [first, second] = random.chance(0.5) ? [200, 50] : [50, 200];
    const other = classIndex === 0 ? first : second;
    return [first, first, first, other, other, other];
  }).flat();
}

describe("fitLinearBaseline", () => {
  beforeAll(useWasm);

  it("learns what is linear: the mean brightness", async () => {
    const baseline = await fitLinearBaseline(splits(brightness(20)));
    expect(baseline.testTop1Accuracy).toBeGreaterThan(0.97);
    expect(baseline.trainImages).toBe(300);
  });

  it("does not learn what is not: whether neighbours are alike", async () => {
    const baseline = await fitLinearBaseline(splits(pairs));
    expect(baseline.testTop1Accuracy).toBeLessThan(0.6);
  });

  it("gives the same numbers again and leaves no tensor", async () => {
    const sets = splits(brightness(2));
    const first = await fitLinearBaseline(sets);
    const { numTensors } = tf.memory();
    expect(await fitLinearBaseline(sets)).toEqual(first);
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
