import { GraphModel } from "@tensorflow/tfjs-converter";
import * as tf from "@tensorflow/tfjs-core";
import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { loadStockGraph } from "../../../shared/inference/stock-graph.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import type { GraphBundle } from "../../fixtures/graph-bundle.ts";
import { randomGraph } from "../../fixtures/random-graph.ts";

beforeAll(async () => {
  await openInference();
});

/** The logits that tfjs's own GraphModel gives on the same backend. */
function graphModelLogits(
  { model, weights }: GraphBundle["written"],
  image: Float32Array,
  batch: number[],
): Float32Array {
  const artifacts: tf.io.ModelArtifacts = {
    modelTopology: { ...model.modelTopology, versions: { producer: 0, minConsumer: 0 } },
    weightSpecs: weights.specs.map(({ name, shape, dtype, quantization }) => ({
      name,
      shape: [...shape],
      dtype,
      ...(quantization === undefined ? {} : { quantization }),
    })),
    weightData: weights.bytes.slice().buffer,
  };
  const stock = new GraphModel<tf.io.IOHandlerSync>({ load: () => artifacts });
  stock.load();
  const logits = tf.tidy(() => {
    const output = stock.execute({ input: tf.tensor(image, batch) }, "logits");
    if (Array.isArray(output)) throw new Error("one output was asked for");
    return output.dataSync<"float32">();
  });
  stock.dispose();
  return logits;
}

describe("a graph on stock tfjs kernels", () => {
  it("gives the very bits of tfjs's GraphModel, and leaves no tensor behind", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 1e9 }), (seed) => {
        const { bundle, written, height, width } = randomGraph(seed);
        const { numTensors } = tf.memory();
        const image = Float32Array.from({ length: 2 * height * width * 3 }, (_, i) =>
          Math.sin(i * (seed % 97)),
        );
        const graph = loadStockGraph(bundle);
        const { logits } = graph.run(image, 2, {});
        graph.dispose();

        expect(logits).toEqual(graphModelLogits(written, image, [2, height, width, 3]));
        expect(tf.memory().numTensors).toBe(numTensors);
      }),
      { numRuns: 100, seed: 11 },
    );
  });
});
