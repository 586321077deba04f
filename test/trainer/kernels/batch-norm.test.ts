import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { composedMath } from "../../../trainer/engine/composed-math.ts";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { largestRelativeError, randomTensor } from "./compare-backends.ts";

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
});

/** Composed ops on the cpu backend, the fused kernel on wasm. */
function normalizeAnywhere(...[x, gamma, beta, options]: Parameters<Engine["normalizeBatch"]>) {
  const math = tf.getBackend() === "wasm" ? engine : composedMath;
  return math.normalizeBatch(x, gamma, beta, options);
}

describe.each([false, true])("batch normalization with relu %s", (relu) => {
  it.each([[1], [4], [7], [24]])(
    "has the values and gradients of composed ops for %d channels",
    async (channels) => {
      const options = { epsilon: 1e-3, relu };
      const error = await largestRelativeError(
        // off-centre and of uneven scale, 300 rows: more than two blocks of the kernel's sums
        () => [
          tf.add(tf.mul(randomTensor([3, 10, 10, channels], 1), 3), 2),
          randomTensor([channels], 2),
          randomTensor([channels], 3),
        ],
        (x, gamma, beta) => {
          const loss = (...[a, b, c]: tf.Tensor[]): tf.Scalar => {
            const { y } = normalizeAnywhere(a as tf.Tensor, b as tf.Tensor, c as tf.Tensor, options);
            // cubic: the gradient of a quadratic loss by x is exactly zero
            return tf.sum(tf.mul(tf.square(y), y));
          };
          const { y, mean, variance } = normalizeAnywhere(x, gamma, beta, options);
          return [...tf.grads(loss)([x, gamma, beta] as tf.Tensor[]), y, mean, variance];
        },
      );
      expect(error).toBeLessThan(1e-4);
    },
  );
});

describe("adamStep", () => {
  it("moves a parameter and its moments as the composed ops do", async () => {
    const step = { rate: 0.01, beta1: 0.9, beta2: 0.999, epsilon: 1e-7, decay: 0.02 };
    const error = await largestRelativeError(
      () => [
        randomTensor([3, 7], 1),
        randomTensor([3, 7], 2),
        randomTensor([3, 7], 3),
        tf.square(randomTensor([3, 7], 4)),
      ],
      (...[parameter, gradient, first, second]) => {
        const math = tf.getBackend() === "wasm" ? engine : composedMath;
        const moments = { first: first as tf.Tensor, second: second as tf.Tensor };
        const next = math.adamStep(parameter as tf.Tensor, gradient as tf.Tensor, moments, step);
        return [next.parameter, next.first, next.second];
      },
    );
    expect(error).toBeLessThan(1e-6);
  });
});
