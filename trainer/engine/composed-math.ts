import * as tf from "@tensorflow/tfjs-core";
import type { AdamMoments, AdamStep, Engine, NormalizedBatch } from "./engine.ts";

/** The training math in plain tfjs ops, for any backend; the WASM engine has kernels instead. */
export const composedMath: Pick<Engine, "normalizeBatch" | "adamStep"> = {
  normalizeBatch(x, gamma, beta, { epsilon, relu }): NormalizedBatch {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const { mean, variance } = tf.moments(x, axes);
    const scaled = tf.mul(tf.sub(x, mean), tf.mul(tf.rsqrt(tf.add(variance, epsilon)), gamma));
    const y = tf.add(scaled, beta);
    return { y: relu ? tf.relu(y) : y, mean, variance };
  },

  adamStep(parameter, gradient, moments, step): AdamMoments & { readonly parameter: tf.Tensor } {
    // tf.tidy's type wants an index signature, which interfaces lack
    const next = tf.tidy(() => ({ ...composedAdamStep(parameter, gradient, moments, step) }));
    return next;
  },
};

function composedAdamStep(
  parameter: tf.Tensor,
  gradient: tf.Tensor,
  moments: AdamMoments,
  { rate, beta1, beta2, epsilon, decay }: AdamStep,
): AdamMoments & { readonly parameter: tf.Tensor } {
  const first = tf.add(tf.mul(moments.first, beta1), tf.mul(gradient, 1 - beta1));
  const second = tf.add(tf.mul(moments.second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
  const change = tf.div(tf.mul(first, rate), tf.add(tf.sqrt(second), epsilon));
  return { parameter: tf.sub(tf.mul(parameter, 1 - decay), change), first, second };
}
