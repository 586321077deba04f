import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { composedMath } from "../../../trainer/engine/composed-math.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { probeNative } from "../../../trainer/engine/probe-native.ts";

function largestDifference(a: tf.Tensor, b: tf.Tensor): number {
  return Number(tf.max(tf.abs(tf.sub(a, b))).dataSync()[0]);
}

describe("TensorFlow's own batch normalization", () => {
  it("has the values and gradients of composed ops", async ({ skip }) => {
    const probe = await probeNative("@tensorflow/tfjs-node");
    if (probe.kind !== "usable") skip("@tensorflow/tfjs-node is not installed; run npm run setup:native");
    const engine = await openEngine("native-cpu");
    tf.engine().startScope();
    const x = tf.add(tf.mul(tf.randomNormal([3, 10, 10, 7], 0, 1, "float32", 1), 3), 2);
    const gamma = tf.randomNormal([7], 0, 1, "float32", 2);
    const beta = tf.randomNormal([7], 0, 1, "float32", 3);
    const results = [composedMath, engine].map(({ normalizeBatch }) => {
      const run = (...[a, b, c]: tf.Tensor[]) =>
        normalizeBatch(a as tf.Tensor, b as tf.Tensor, c as tf.Tensor, { epsilon: 1e-3, relu: true });
      const loss = (...inputs: tf.Tensor[]): tf.Scalar => {
        const { y } = run(...inputs);
        return tf.sum(tf.mul(tf.square(y), y));
      };
      const inputs = [x, gamma, beta];
      const { y, mean, variance } = run(...inputs);
      return [y, mean, variance, ...tf.grads(loss)(inputs)];
    });
    const [expected = [], actual = []] = results;
    const scales = expected.map((value) => Number(tf.max(tf.abs(value)).dataSync()[0]));
    expect(Math.min(...scales)).toBeGreaterThan(0.1);
    const errors = expected.map((value, i) => largestDifference(value, actual[i] as tf.Tensor));
    expect(Math.max(...errors.map((error, i) => error / (scales[i] ?? 1)))).toBeLessThan(1e-4);
    tf.engine().endScope();
  });
});
