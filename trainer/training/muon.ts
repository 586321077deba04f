import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../engine/engine.ts";
import { Adam } from "./adam.ts";
import { type Optimizer, type OptimizerState, otherState } from "./optimizer.ts";
import { assign, floats, type ModelWeight } from "./weights.ts";

/** Share of the velocity that a step keeps. */
const momentum = 0.9;
/** What Adam gets of the learning rate, for the weights that are no kernels of convolutions. */
const adamShare = 1 / 15;
/** Iterations and coefficients of Jordan's fifth-order polynomial, which drives every singular value to about 1. */
const iterations = 5;
const [linear, cubic, quintic] = [3.4445, -4.775, 2.0315];
/** Added to lengths that are divided by: a gradient of zeros moves nothing. */
const least = 1e-7;

/**
 * Muon (Jordan et al. 2024) for kernels of convolutions that a batch normalization follows, Adam for everything else. A
 * kernel moves along its momentum made orthogonal, so that every direction of it learns alike, and keeps its length,
 * which the normalization would cancel anyway: the learning rate is how far it turns, 0.035 of its length, say.
 */
export class Muon implements Optimizer {
  readonly #weights: readonly ModelWeight[];
  /** Per weight, `null` for those of Adam. */
  #velocities: readonly (tf.Tensor | null)[];
  readonly #adam: Adam;

  /** @param weightDecay of the weights that Adam moves */
  constructor(engine: Engine, weights: readonly ModelWeight[], weightDecay: number) {
    this.#weights = weights;
    this.#velocities = weights.map((weight) => {
      const { shape } = weight.read();
      return isKernel(shape) ? tf.keep(tf.zeros(shape)) : null;
    });
    this.#adam = new Adam(
      engine,
      weights.filter((_, index) => this.#velocities[index] === null),
      weightDecay,
    );
  }

  step(gradients: readonly tf.Tensor[], learningRate: number): void {
    this.#adam.step(this.#ofAdam(gradients), learningRate * adamShare);
    this.#velocities = this.#velocities.map((velocity, index) => {
      const [weight, gradient] = [this.#weights[index], gradients[index]];
      if (velocity === null || weight === undefined || gradient === undefined) return velocity;
      const next = tf.keep(tf.tidy(() => tf.add(tf.mul(velocity, momentum), gradient)));
      velocity.dispose();
      // a step ahead of the velocity, as Nesterov's
      const ahead = tf.tidy(() => tf.add(gradient, tf.mul(next, momentum)));
      assign(weight, turned(weight.read(), ahead, learningRate));
      ahead.dispose();
      return next;
    });
  }

  save(): OptimizerState {
    const { steps, first, second } = this.#adam.save();
    const empty = new Float32Array();
    return {
      steps,
      first: this.#spread(first, floats),
      second: this.#spread(second, () => empty),
    };
  }

  restore({ steps, first, second }: OptimizerState): void {
    const velocities = this.#velocities.map((velocity, index) => {
      if (velocity === null) return null;
      const values = first[index];
      if (values?.length !== velocity.size) throw otherState();
      return tf.keep(tf.tensor(values, velocity.shape));
    });
    this.#adam.restore({ steps, first: this.#ofAdam(first), second: this.#ofAdam(second) });
    tf.dispose(this.#velocities.filter((velocity) => velocity !== null));
    this.#velocities = velocities;
  }

  dispose(): void {
    tf.dispose(this.#velocities.filter((velocity) => velocity !== null));
    this.#adam.dispose();
  }

  #ofAdam<Value>(values: readonly Value[]): Value[] {
    return values.filter((_, index) => this.#velocities[index] === null);
  }

  /** In the order of all weights: what Adam has of its own, and something made of the others' velocities. */
  #spread(
    ofAdam: readonly Float32Array[],
    ofVelocity: (velocity: tf.Tensor) => Float32Array,
  ): Float32Array[] {
    const left = ofAdam.values();
    return this.#velocities.map((velocity) =>
      velocity === null ? (left.next().value ?? new Float32Array()) : ofVelocity(velocity),
    );
  }
}

/** Whether weights are those of a convolution over all channels: [height, width, in, out], more in than one. */
function isKernel(shape: readonly number[]): boolean {
  return shape.length === 4 && shape[3] !== 1;
}

/** The kernel after a turn by `angle` radians, nearly, against a direction; as long as it was. */
function turned(kernel: tf.Tensor, direction: tf.Tensor, angle: number): tf.Tensor {
  return tf.tidy(() => {
    const length = tf.norm(kernel);
    const along = tf.reshape(
      orthogonalized(tf.reshape(direction, [-1, direction.shape.at(-1) ?? 1])),
      kernel.shape,
    );
    const step = tf.mul(along, tf.div(tf.mul(length, angle), tf.add(tf.norm(along), least)));
    const moved = tf.sub(kernel, step);
    return tf.mul(moved, tf.div(length, tf.norm(moved)));
  });
}

/**
 * The nearest matrix whose singular values are all alike, within a third of 1, by Newton and Schulz's iteration; zeros
 * stay zeros. @param matrix [rows, columns]
 */
export function orthogonalized(matrix: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    const [rows = 1, columns = 1] = matrix.shape;
    const isTall = rows >= columns;
    let x = tf.div<tf.Tensor2D>(matrix, tf.add(tf.norm(matrix), least));
    for (let i = 0; i < iterations; i++) {
      const across = tf.transpose(x);
      // the smaller of the two products
      const square = isTall ? product(across, x) : product(x, across);
      const factor: tf.Tensor2D = tf.add(tf.mul(square, cubic), tf.mul(product(square, square), quintic));
      const change = isTall ? product(x, factor) : product(factor, x);
      x = tf.add(tf.mul(x, linear), change);
    }
    return x;
  });
}

/** The fused operation, as the WASM backend's plain product takes several times as long. */
function product(a: tf.Tensor2D, b: tf.Tensor2D): tf.Tensor2D {
  return tf.reshape(tf.fused.matMul({ a, b }), [a.shape[0], b.shape[1]]);
}
