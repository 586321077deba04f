import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { type MakeInputs, randomTensor, valuesOn } from "./compare-backends.ts";

// Faults of @tensorflow/tfjs-backend-wasm 4.22. Every test runs the stock kernel first: when one of these starts to
// fail there, tfjs was repaired and our workaround can go.

interface Fault {
  readonly name: string;
  readonly inputs: MakeInputs;
  readonly compute: (...inputs: tf.Tensor[]) => tf.Tensor[];
}

const faults: readonly Fault[] = [
  {
    name: "the gradient of max pooling over negative values",
    inputs: () => [tf.sub(tf.neg(tf.abs(randomTensor([1, 4, 4, 3], 1))), 1)],
    compute: (x) => [
      tf.grad((value) => tf.sum(tf.square(tf.maxPool(value as tf.Tensor4D, 2, 2, "same"))))(x),
    ],
  },
  {
    name: "a 'same' convolution whose stride exceeds its kernel",
    inputs: () => [randomTensor([1, 9, 6, 2], 1), randomTensor([2, 2, 2, 4], 2)],
    compute: (x, w) => [tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 3, "same")],
  },
  {
    name: "a fused product with a transposed side and a bias",
    inputs: () => [randomTensor([3, 100], 1), randomTensor([5, 100], 2), randomTensor([5], 3)],
    compute: (a, b, bias) => [
      tf.fused.matMul({
        a: a,
        b: b,
        transposeB: true,
        bias: bias,
        activation: "relu",
      }),
    ],
  },
  {
    name: "a fused product of several matrices and a bias",
    inputs: () => [randomTensor([2, 3, 100], 1), randomTensor([2, 100, 5], 2), randomTensor([5], 3)],
    compute: (a, b, bias) => [tf.fused.matMul({ a: a, b: b, bias: bias })],
  },
];

function largestDifference(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined || a.length !== b.length) return Infinity;
  return a.reduce((worst, value, i) => Math.max(worst, Math.abs(value - (b[i] ?? NaN))), 0);
}

const computed = new Map<string, { readonly expected?: Float32Array; readonly stock?: Float32Array }>();

beforeAll(async () => {
  await openInference();
  for (const { name, inputs, compute } of faults) {
    const [expected] = await valuesOn("cpu", inputs, compute);
    const [stock] = await valuesOn("wasm", inputs, compute);
    if (expected !== undefined && stock !== undefined) {
      computed.set(name, { expected: expected.values, stock: stock.values });
    }
  }
  // from here on our kernels stand in for the stock ones
  await openEngine("wasm");
});

describe("the WASM engine against known faults of stock tfjs", () => {
  it.each(faults)("repairs $name", async ({ name, inputs, compute }) => {
    const [ours] = await valuesOn("wasm", inputs, compute);
    const { expected, stock } = computed.get(name) ?? {};
    expect(largestDifference(expected, stock)).toBeGreaterThan(0.1);
    expect(largestDifference(expected, ours?.values)).toBeLessThan(1e-4);
  });

  it("gives updated parameters a new tensor, as a weight overwritten in place computes with its old values", async () => {
    const backend = await openInference();
    const engine = await openEngine("wasm");
    const x = tf.ones([1, 8]);
    const overwritten = tf.ones([8, 8]);
    tf.matMul(x, overwritten).dispose();
    backend.typedArrayFromHeap(overwritten).fill(2);
    expect(tf.matMul(x, overwritten).dataSync()[0]).toBe(8);
    expect(overwritten.dataSync()[0]).toBe(2);

    const weight = tf.variable(tf.ones([8, 8]));
    tf.matMul(x, weight).dispose();
    const moments = { first: tf.zeros([8, 8]), second: tf.zeros([8, 8]) };
    const step = { rate: 1, beta1: 0, beta2: 0, epsilon: 0, decay: 0 };
    const { parameter } = engine.adamStep(weight, tf.neg(tf.ones([8, 8])), moments, step);
    weight.assign(parameter);
    expect(tf.matMul(x, weight).dataSync()[0]).toBe(16);
  });
});
