import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { correctBiases } from "../../../trainer/release/bias-correction.ts";
import { foldModel } from "../../../trainer/release/fold.ts";
import { type FoldedModel, isWeighted } from "../../../trainer/release/folded-model.ts";
import { dequantizeTensor, quantizeTensor } from "../../../trainer/release/quantize.ts";
import { useWasm } from "./backends.ts";
import { randomImages, randomModel } from "./random-model.ts";
import { runGraph } from "./run-graph.ts";

/** The model with its weights as uint8 gives them back. */
function quantized(model: FoldedModel): FoldedModel {
  return {
    ...model,
    layers: model.layers.map((layer) =>
      isWeighted(layer)
        ? { ...layer, weights: dequantizeTensor(quantizeTensor(layer.name, layer.weights, "uint8")) }
        : layer,
    ),
  };
}

/** Mean of each logit over the images. */
async function meanLogits(model: FoldedModel, images: Float32Array): Promise<number[]> {
  const { logits } = await runGraph(model, images);
  const count = logits.length / model.classes;
  return Array.from({ length: model.classes }, (_, c) =>
    logits.reduce((sum, logit, i) => (i % model.classes === c ? sum + logit / count : sum), 0),
  );
}

describe("correctBiases", () => {
  beforeAll(useWasm);

  it("gives the quantised model the float model's mean logits, over random models", async () => {
    for (let seed = 1; seed <= 20; seed++) {
      const { model, size } = randomModel(seed);
      const folded = await foldModel(model);
      const images = randomImages(seed, 16, size);
      const corrected = await correctBiases(folded, images, () => "uint8");
      const float = await meanLogits(folded, images);
      const after = await meanLogits(quantized(corrected), images);
      for (const [c, mean] of after.entries()) expect(mean).toBeCloseTo(float[c] ?? Number.NaN, 3);
    }
  });

  it("leaves the model, its weights and the tensors as they were", async () => {
    const { model, size } = randomModel(3);
    const folded = await foldModel(model);
    const { numTensors } = tf.memory();
    const before = structuredClone(folded);
    const corrected = await correctBiases(folded, randomImages(3, 4, size), () => "uint8");
    expect(folded).toEqual(before);
    expect(corrected.layers.filter(isWeighted).map((layer) => layer.weights)).toEqual(
      folded.layers.filter(isWeighted).map((layer) => layer.weights),
    );
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
