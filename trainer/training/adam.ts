import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import type { AdamMoments, Engine } from "../engine/engine.ts";
import { type Optimizer, type OptimizerState, otherState } from "./optimizer.ts";
import { assign, floats, type ModelWeight } from "./weights.ts";

const beta1 = 0.9;
const beta2 = 0.999;
const epsilon = 1e-7;

/** Adam with decoupled weight decay over a list of weights (Loshchilov & Hutter 2019). Owns its moments. */
export class Adam implements Optimizer {
  readonly #engine: Engine;
  readonly #weights: readonly ModelWeight[];
  readonly #weightDecay: number;
  readonly #rates: readonly number[];
  #moments: AdamMoments[];
  #steps = 0;

  /**
   * @param weightDecay scaled by the learning rate; biases and the parameters of batch normalization are spared
   * @param rates of each weight, as shares of the learning rate; all 1 unless told
   */
  constructor(
    engine: Engine,
    weights: readonly ModelWeight[],
    weightDecay: number,
    rates: readonly number[] = weights.map(() => 1),
  ) {
    this.#engine = engine;
    this.#weights = weights;
    this.#weightDecay = weightDecay;
    this.#rates = rates;
    this.#moments = weights.map((weight) => {
      const { shape } = weight.read();
      return { first: tf.keep(tf.zeros(shape)), second: tf.keep(tf.zeros(shape)) };
    });
  }

  step(gradients: readonly tf.Tensor[], learningRate: number): void {
    this.#steps++;
    const correction = Math.sqrt(1 - beta2 ** this.#steps) / (1 - beta1 ** this.#steps);
    this.#moments = this.#weights.map((weight, index) => {
      const parameter = weight.read();
      const { gradient, moments } = this.#at(gradients, index);
      const ownRate = learningRate * (this.#rates[index] ?? 1);
      const decay = parameter.rank > 1 ? ownRate * this.#weightDecay : 0;
      const rate = ownRate * correction;
      const next = this.#engine.adamStep(parameter, gradient, moments, {
        rate,
        beta1,
        beta2,
        epsilon,
        decay,
      });
      assign(weight, next.parameter);
      if (next.first !== moments.first) tf.dispose([moments.first, moments.second]);
      return { first: tf.keep(next.first), second: tf.keep(next.second) };
    });
  }

  #at(gradients: readonly tf.Tensor[], index: number): { gradient: tf.Tensor; moments: AdamMoments } {
    const gradient = gradients[index];
    const moments = this.#moments[index];
    if (gradient !== undefined && moments !== undefined) return { gradient, moments };
    throw new AppError(
      "internal",
      `Adam got ${gradients.length} gradients for ${this.#weights.length} weights`,
    );
  }

  save(): OptimizerState {
    return {
      steps: this.#steps,
      first: this.#moments.map(({ first }) => floats(first)),
      second: this.#moments.map(({ second }) => floats(second)),
    };
  }

  restore(state: OptimizerState): void {
    const restored = this.#weights.map((weight, index) => {
      const { shape, size } = weight.read();
      const first = state.first[index];
      const second = state.second[index];
      if (first?.length !== size || second?.length !== size) {
        throw otherState();
      }
      return { first: tf.keep(tf.tensor(first, shape)), second: tf.keep(tf.tensor(second, shape)) };
    });
    this.dispose();
    this.#moments = restored;
    this.#steps = state.steps;
  }

  dispose(): void {
    for (const { first, second } of this.#moments) tf.dispose([first, second]);
  }
}
