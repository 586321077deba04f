import * as tf from "@tensorflow/tfjs-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openEmbedder } from "../../../trainer/backbones/embedder.ts";
import type { FeatureGraph } from "../../../trainer/backbones/feature-graph.ts";
import { type Front, openFront, shapesOf } from "../../../trainer/backbones/front.ts";
import { type Cut, findCut } from "../../../trainer/backbones/graph-cut.ts";
import { createTail, type GraphTail } from "../../../trainer/backbones/graph-tail.ts";
import { openWasmEngine } from "../../../trainer/engine/wasm-engine.ts";
import { dequantizeTensor } from "../../../trainer/release/quantize.ts";
import { createTailLearner, type TailLearner } from "../../../trainer/training/tail-learner.ts";
import { colouredImages } from "../training/coloured-images.ts";
import { imagePixels } from "../../../trainer/data/image-set.ts";
import { tinyFeatures } from "./tiny-features.ts";

/** The net with the values that its stored codes stand for, as the loader sees them. */
function asStored(features: FeatureGraph): FeatureGraph {
  const weights = features.weights.map((weight) =>
    weight.stored === undefined ? weight : { ...weight, values: dequantizeTensor(weight.stored) },
  );
  return { ...features, weights };
}

let features: FeatureGraph;
let cut: Cut;
let front: Front;
let tail: GraphTail;

beforeAll(async () => {
  await openWasmEngine();
  features = asStored(tinyFeatures());
  cut = findCut(features, await shapesOf(features));
  front = await openFront(features, cut);
  tail = createTail(features, cut);
});

afterAll(() => {
  tail.dispose();
  front.dispose();
});

describe("a net in two parts", () => {
  it("is parted where everything goes through one node, at twice the size of the last", () => {
    expect(cut).toEqual({ node: "stem", height: 8, width: 8, channels: 8 });
    expect(tail.weights.map(({ name }) => name)).toEqual([
      "halve/weights",
      "halve/bias",
      "widen/weights",
      "widen/bias",
      "project/weights",
      "project/bias",
    ]);
  });

  it("gives the features of the whole", async () => {
    const images = colouredImages(4, 1);
    const embedder = await openEmbedder(features);
    const whole = await embedder.embed(images, [0, 1, 2, 3], "plain");
    const parts = [0, 1, 2, 3].flatMap((index) => {
      const x = tf.tensor4d(front.run(imagePixels(images, index)), [1, 8, 8, 8]);
      return [...tf.tidy(() => tail.forward(x).dataSync())];
    });
    embedder.dispose();
    for (const [i, value] of parts.entries()) expect(value).toBeCloseTo(whole[i] ?? NaN, 4);
  });
});

/** A learner on coloured images, its head at zero. */
async function learner(seed: number): Promise<TailLearner> {
  const engine = await openWasmEngine();
  const images = colouredImages(24, seed);
  const options = { signal: new AbortController().signal, onImage: () => undefined };
  const activations = await front.runAll((index) => imagePixels(images, index), 24, options);
  const targets = Float32Array.from({ length: 72 }, (_, i) =>
    images.labels[Math.floor(i / 3)] === i % 3 ? 1 : 0,
  );
  return createTailLearner(
    tail,
    { weights: new Float64Array(36), bias: new Float64Array(3) },
    { activations, shape: [8, 8, 8], targets, classes: 3 },
    { activations, labels: images.labels },
    { engine, weightDecay: 0, tailRate: 0.1, settings: {} },
  );
}

describe("createTailLearner", () => {
  it("moves the tail and the head towards the targets, and leaves no tensor behind", async () => {
    const subject = await learner(1);
    const before = subject.validate();
    const kernel = tail.values().get("project/weights");
    const indices = Int32Array.from({ length: 24 }, (_, i) => i);
    await subject.step(indices, "0/0", 0.01);
    const { numTensors } = tf.memory();
    for (let step = 1; step < 40; step++) await subject.step(indices, `0/${step}`, 0.01);
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(subject.validate().loss).toBeLessThan(before.loss / 2);
    expect(tail.values().get("project/weights")).not.toEqual(kernel);
    subject.dispose();
  });

  it("has another digest for other examples", async () => {
    const [one, same, other] = [await learner(1), await learner(1), await learner(2)];
    expect(same.digest).toBe(one.digest);
    expect(other.digest).not.toBe(one.digest);
    for (const subject of [one, same, other]) subject.dispose();
  });
});
