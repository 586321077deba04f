import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { architectures, buildModel } from "../../../trainer/model/build-model.ts";
import { createForwardPass } from "../../../trainer/training/forward-pass.ts";
import { stream } from "../../../trainer/training/random.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

const options = { size: 16, classes: 4, seed: 3, width: 0.25 };

function largestDifference(a: tf.Tensor, b: tf.Tensor): number {
  return Number(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);
}

describe.each(architectures)("the forward pass of %s", (architecture) => {
  it("gives what tfjs gives in training mode", () => {
    const model = buildModel(architecture, options);
    const x = tf.randomNormal([6, 16, 16, 3], 0, 1, "float32", 5);
    const { logits } = createForwardPass(model, engine)(x, stream(1, "dropout"));
    const expected = model.apply(x, { training: true }) as tf.Tensor;
    expect(largestDifference(logits, expected)).toBeLessThan(1e-4);
  });

  it("observes the mean and variance of every batch normalization", () => {
    const model = buildModel(architecture, options);
    const x = tf.add(tf.randomNormal([6, 16, 16, 3], 0, 2, "float32", 5), 1);
    const { statistics } = createForwardPass(model, engine)(x, stream(1, "dropout"));
    const norms = model.layers.filter((layer) => layer.getClassName() === "BatchNormalization");
    expect(statistics).toHaveLength(2 * norms.length);
    const [first] = model.layers;
    const { mean, variance } = tf.moments(first?.apply(x) as tf.Tensor, [0, 1, 2]);
    const observed = statistics.slice(0, 2).map((entry) => entry.observed);
    expect(largestDifference(observed[0] as tf.Tensor, mean)).toBeLessThan(1e-5);
    expect(largestDifference(observed[1] as tf.Tensor, variance)).toBeLessThan(1e-4);
    expect(statistics[0]?.momentum).toBe(0.9);
    tf.dispose(statistics.map((entry) => entry.observed));
  });
});

function dropoutOnly(): tfl.LayersModel {
  return tfl.sequential({ layers: [tfl.layers.dropout({ rate: 0.25, inputShape: [2000] })] });
}

describe("dropout", () => {
  it("takes its mask from the stream: the same for the same place, another for the next", () => {
    const forward = createForwardPass(dropoutOnly(), engine);
    const [a, again, b] = ["0/0", "0/0", "0/1"].map(
      (place) => forward(tf.ones([1, 2000]), stream(1, `dropout/${place}`)).logits,
    );
    expect(largestDifference(a as tf.Tensor, again as tf.Tensor)).toBe(0);
    expect(largestDifference(a as tf.Tensor, b as tf.Tensor)).toBeGreaterThan(1);
  });

  it("drops the share it is told to, and keeps the mean", () => {
    const values = createForwardPass(dropoutOnly(), engine)(
      tf.ones([1, 2000]),
      stream(1, "x"),
    ).logits.dataSync();
    const dropped = values.filter((value) => value === 0).length / values.length;
    expect(dropped).toBeGreaterThan(0.22);
    expect(dropped).toBeLessThan(0.28);
    expect(Math.max(...values)).toBeCloseTo(4 / 3, 5);
  });
});

describe("createForwardPass", () => {
  it("rejects a layer it does not know, naming it", () => {
    const model = tfl.sequential({ layers: [tfl.layers.flatten({ inputShape: [4, 4, 3], name: "flat" })] });
    expect(() => createForwardPass(model, engine)).toThrow(/layer flat is a Flatten/);
  });

  it("rejects a convolution that the serving backend computes wrongly", () => {
    const wrong = { name: "conv", filters: 8, kernelSize: 2, strides: 3, padding: "same" as const };
    const model = tfl.sequential({ layers: [tfl.layers.conv2d({ ...wrong, inputShape: [9, 9, 3] })] });
    expect(() => createForwardPass(model, engine)).toThrow(/layer conv has a 2x2 kernel with stride 3x3/);
  });

  it("rejects a model that branches", () => {
    const input = tfl.input({ shape: [4, 4, 3] });
    const left = tfl.layers.reLU().apply(input) as tfl.SymbolicTensor;
    const sum = tfl.layers.add({ name: "sum" }).apply([left, input]) as tfl.SymbolicTensor;
    expect(() => createForwardPass(tfl.model({ inputs: input, outputs: sum }), engine)).toThrow(/layer sum/);
  });
});
