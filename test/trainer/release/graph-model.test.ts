import * as tf from "@tensorflow/tfjs-core";
import { layers, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { foldModel } from "../../../trainer/release/fold.ts";
import type { FoldedModel } from "../../../trainer/release/folded-model.ts";
import { useCpu, useWasm } from "./backends.ts";
import { randomImages, randomModel } from "./random-model.ts";
import { type GraphOutputs, runGraph } from "./run-graph.ts";

const batch = 8;

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}

async function predict(
  seed: number,
): Promise<{ folded: FoldedModel; pixels: Float32Array } & Pick<GraphOutputs, "probabilities" | "logits">> {
  await useCpu();
  const { model, size } = randomModel(seed);
  const pixels = randomImages(seed + 1, batch, size);
  const output = model.predict(tf.tensor(pixels, [batch, size, size, 3])) as tf.Tensor;
  const logits = output.dataSync() as Float32Array;
  const probabilities = tf.softmax(output).dataSync() as Float32Array;
  const folded = await foldModel(model);
  return { folded, pixels, probabilities, logits };
}

describe("emitGraph", () => {
  beforeAll(useCpu);

  it("gives the trained model's probabilities within 1e-4 on the serving backend, over random models", async () => {
    for (let seed = 1; seed <= 60; seed++) {
      const { folded, pixels, probabilities } = await predict(seed);
      await useWasm();
      const outputs = await runGraph(folded, pixels);
      expect(largestDifference(outputs.probabilities, probabilities), `seed ${seed}`).toBeLessThan(1e-4);
    }
  });

  it("gives the embedding and the feature map of the trained model", async () => {
    const { folded, pixels } = await predict(7);
    const outputs = await runGraph(folded, pixels);
    const [height, width, channels] = folded.featureShape;
    expect(outputs.featureMap.length).toBe(batch * height * width * channels);
    const positions = height * width;
    const mean = new Float32Array(batch * channels);
    outputs.featureMap.forEach((value, i) => {
      const at = Math.floor(i / (positions * channels)) * channels + (i % channels);
      mean[at] = (mean[at] as number) + value / positions;
    });
    expect(largestDifference(outputs.embedding, mean)).toBeLessThan(1e-5);
  });

  it("spells out the zeros of a same convolution whose window is smaller than its stride", async () => {
    const model = sequential({
      layers: [
        layers.conv2d({ inputShape: [9, 9, 3], filters: 4, kernelSize: 2, strides: 4, padding: "same" }),
        layers.globalAveragePooling2d({ dataFormat: "channelsLast" }),
        layers.dense({ units: 2 }),
      ],
    });
    const folded = await foldModel(model);
    expect(folded.layers[0]).toMatchObject({ padding: { top: 0, bottom: 1, left: 0, right: 1 } });
  });
});
