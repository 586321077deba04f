import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { largestRelativeError, randomTensor } from "./compare-backends.ts";

const tolerance = 1e-4;
const kernelSizes = [1, 2, 3, 5] as const;
const strides = [1, 2, 3] as const;
const paddings = ["same", "valid"] as const;
/** Odd, even, smaller than two strides, and wider than high. */
const sides = [
  [7, 7],
  [8, 8],
  [9, 6],
  [5, 13],
] as const;

beforeAll(async () => {
  await openEngine("wasm");
});

/** The gradients by every input of a loss that weighs the outputs unevenly. */
function gradientsOf(op: (...inputs: tf.Tensor[]) => tf.Tensor) {
  return (...inputs: tf.Tensor[]): tf.Tensor[] => {
    const loss = (...values: tf.Tensor[]): tf.Scalar => tf.sum(tf.square(op(...values)));
    return [...tf.grads(loss)(inputs), op(...inputs)];
  };
}

describe.each(kernelSizes)("a %dx kernel", (kernel) => {
  describe.each(strides)("at stride %d", (stride) => {
    it.each(paddings)(
      "gives the values and gradients of the cpu backend in a convolution, %s",
      async (padding) => {
        // channels below, at and above the vector width, and off every multiple of it
        for (const [channels, filters] of [
          [1, 1],
          [3, 4],
          [5, 9],
          [8, 17],
        ] as const) {
          for (const [height, width] of sides) {
            const error = await largestRelativeError(
              () => [
                randomTensor([2, height, width, channels], 1),
                randomTensor([kernel, kernel, channels, filters], 2),
              ],
              gradientsOf((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding)),
            );
            expect(error, `${height}x${width}, ${channels} to ${filters} channels`).toBeLessThan(tolerance);
          }
        }
      },
    );

    it.each(paddings)("gives them in a depthwise convolution, %s", async (padding) => {
      for (const channels of [1, 4, 7, 24]) {
        for (const [height, width] of sides) {
          const error = await largestRelativeError(
            () => [
              randomTensor([2, height, width, channels], 3),
              randomTensor([kernel, kernel, channels, 1], 4),
            ],
            gradientsOf((x, w) => tf.depthwiseConv2d(x as tf.Tensor4D, w as tf.Tensor4D, stride, padding)),
          );
          expect(error, `${height}x${width}, ${channels} channels`).toBeLessThan(tolerance);
        }
      }
    });

    it.each(paddings)("gives them in a max pooling, %s", async (padding) => {
      for (const channels of [1, 4, 7]) {
        for (const [height, width] of sides) {
          const error = await largestRelativeError(
            () => [randomTensor([2, height, width, channels], 5)],
            gradientsOf((x) => tf.maxPool(x as tf.Tensor4D, kernel, stride, padding)),
          );
          expect(error, `${height}x${width}, ${channels} channels`).toBeLessThan(tolerance);
        }
      }
    });
  });
});

describe("the gradients of activations", () => {
  it.each([1, 4, 1023])("are those of the cpu backend for %d values", async (size) => {
    for (const op of [tf.relu, (x: tf.Tensor): tf.Tensor => tf.clipByValue(x, -0.5, 0.75)]) {
      const error = await largestRelativeError(() => [randomTensor([size], 6)], gradientsOf(op));
      expect(error).toBeLessThan(tolerance);
    }
  });
});

describe("a convolution with explicit padding", () => {
  it("gives the values and gradients of the cpu backend", async () => {
    const error = await largestRelativeError(
      () => [randomTensor([2, 6, 7, 3], 7), randomTensor([1, 1, 3, 5], 8)],
      gradientsOf((x, w) => tf.conv2d(x as tf.Tensor4D, w as tf.Tensor4D, 1, 1)),
    );
    expect(error).toBeLessThan(tolerance);
  });
});
