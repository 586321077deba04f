import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { describe, expect, it } from "vitest";
import { composedMath } from "../../../trainer/engine/composed-math.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { ChainBuilder } from "../../../trainer/model/chain-builder.ts";
import { createForwardPass } from "../../../trainer/training/forward-pass.ts";
import { stream } from "../../../trainer/training/random.ts";
import { randomTensor } from "./compare-backends.ts";

const nets: Readonly<Record<string, () => tfl.LayersModel>> = {
  "small-cnn": () => buildModel("small-cnn", { size: 16, classes: 5, seed: 11, width: 0.25 }),
  // all of MobileNet takes the cpu backend too long
  "depthwise separable blocks": () => {
    const chain = new ChainBuilder(16, 11, "last");
    chain.convolution("stem", { filters: 12, kernelSize: 3, strides: 2 });
    chain.depthwise("first_depthwise", 1);
    chain.convolution("first", { filters: 24, kernelSize: 1, strides: 1 });
    chain.depthwise("last_depthwise", 2);
    chain.convolution("last", { filters: 40, kernelSize: 1, strides: 1 });
    return chain.finish(5, 0);
  },
};

/** The loss of one batch and its gradient by every trainable weight, as plain values; frees all tensors. */
async function lossAndGradients(
  build: () => tfl.LayersModel,
  backend: "cpu" | "wasm",
): Promise<{ loss: number; gradients: Float32Array[] }> {
  const wasm = await openEngine("wasm");
  const engine = backend === "wasm" ? wasm : { ...wasm, ...composedMath };
  await tf.setBackend(backend);
  tf.engine().startScope();
  const model = build();
  const forward = createForwardPass(model, engine);
  const x = randomTensor([6, 16, 16, 3], 12);
  const targets = tf.oneHot(tf.tensor1d([0, 1, 2, 3, 4, 0], "int32"), 5);
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  const { value, grads } = tf.variableGrads(() => {
    const { logits } = forward(x, stream(1, "unused"));
    return tf.neg(tf.mean(tf.sum(tf.mul(targets, tf.logSoftmax(logits)), 1)));
  }, variables);
  const gradients = variables.map(({ name }) => Float32Array.from(grads[name]?.dataSync() ?? []));
  const [loss = NaN] = value.dataSync();
  model.dispose();
  tf.engine().endScope();
  return { loss, gradients };
}

describe.each(Object.entries(nets))("%s", (_name, build) => {
  it("has the loss and gradients of composed ops on the cpu backend, in every weight", async () => {
    const expected = await lossAndGradients(build, "cpu");
    const actual = await lossAndGradients(build, "wasm");
    expect(actual.loss).toBeCloseTo(expected.loss, 4);
    expect(expected.gradients.length).toBeGreaterThan(15);
    // relative to the largest gradient of the net: deep sums of float32 differ by their order
    const scale = Math.max(...expected.gradients.map((values) => largest(values)));
    expected.gradients.forEach((values, index) => {
      const differences = values.map((value, i) => value - (actual.gradients[index]?.[i] ?? NaN));
      expect(largest(differences) / scale, `weight ${index}`).toBeLessThan(1e-4);
    });
  });
});

function largest(values: Float32Array): number {
  return values.reduce((most, value) => (Math.abs(value) <= most ? most : Math.abs(value)), 0);
}
