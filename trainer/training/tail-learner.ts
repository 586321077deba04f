import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "../engine/engine.ts";
import { Adam } from "./adam.ts";
import { crossEntropy, gradientOf, variableOf } from "./backward-pass.ts";
import type { Learner } from "./run-training.ts";
import type { LinearClassifier } from "./softmax-regression.ts";
import { scoreLogits } from "./validate.ts";
import { floats, type ModelWeight, OwnWeight } from "./weights.ts";

/** Layers that are trained on what the layers before them gave, computed once. */
export interface TrainableTail {
  readonly weights: readonly ModelWeight[];
  /** From `[batch, ...shape]` to `[batch, size]`; differentiable. */
  forward(x: tf.Tensor): tf.Tensor;
}

/** Examples at the cut. */
export interface CutExamples {
  /** `[N, ...shape]` */
  readonly activations: Float32Array;
  /** Of one example. */
  readonly shape: readonly number[];
  /** `[N, classes]`: what the net should answer, shares of every class times the example's weight. */
  readonly targets: Float32Array;
  readonly classes: number;
}

/** Images to score by, at the cut. */
export interface CutValidation {
  readonly activations: Float32Array;
  readonly labels: Int32Array;
}

/** How a tail is trained. */
export interface TailOptions {
  readonly engine: Engine;
  readonly weightDecay: number;
  /** Learning rate of the tail as a share of the head's: what was learnt from a million photos should move little. */
  readonly tailRate: number;
  /** Of everything else that decides the run. */
  readonly settings: unknown;
}

/** A tail with a head that learns. */
export interface TailLearner extends Learner {
  /** @returns `[N, classes]` @param activations `[N, ...shape]` */
  logits(activations: Float32Array): Float32Array;
  /** The head as it is now. */
  head(): LinearClassifier;
  /** Frees optimiser and head; the tail stays the caller's. */
  dispose(): void;
}

const batchSize = 32;

/**
 * Trains a tail and a head together.
 * @param start the head to begin with, fitted on the features as they were
 */
export function createTailLearner(
  tail: TrainableTail,
  start: LinearClassifier,
  examples: CutExamples,
  validation: CutValidation,
  options: TailOptions,
): TailLearner {
  const { classes, shape } = examples;
  const size = start.weights.length / classes;
  const kernel = new OwnWeight("logits/weights", [size, classes], Float32Array.from(start.weights));
  const bias = new OwnWeight("logits/bias", [classes], Float32Array.from(start.bias));
  const weights = [...tail.weights, kernel, bias];
  const rates = weights.map((weight) => (weight === kernel || weight === bias ? 1 : options.tailRate));
  const optimizer = new Adam(options.engine, weights, options.weightDecay, rates);
  const length = shape.reduce((product, side) => product * side, 1);

  const answer = (x: tf.Tensor): tf.Tensor =>
    tf.add(tf.matMul(tail.forward(x) as tf.Tensor2D, kernel.read() as tf.Tensor2D), bias.read());

  function logits(activations: Float32Array): Float32Array {
    const count = activations.length / length;
    const out = new Float32Array(count * classes);
    for (let first = 0; first < count; first += batchSize) {
      const rows = Math.min(batchSize, count - first);
      const part = activations.subarray(first * length, (first + rows) * length);
      const values = tf.tidy(() => floats(answer(tf.tensor(part, [rows, ...shape]))));
      out.set(values, first * classes);
    }
    return out;
  }

  return {
    weights,
    optimizer,
    examples: examples.targets.length / classes,
    digest: digest(examples, validation, start, options.settings),
    step: (indices, _place, learningRate) =>
      tf.tidy(() => {
        const x = tf.tensor(gather(examples.activations, indices, length), [indices.length, ...shape]);
        const targets = tf.tensor2d(gather(examples.targets, indices, classes), [indices.length, classes]);
        const { value, grads } = tf.variableGrads(
          () => crossEntropy(answer(x), targets),
          weights.map(variableOf),
        );
        optimizer.step(
          weights.map((weight) => gradientOf(grads, weight)),
          learningRate,
        );
        return value.dataSync()[0] as number;
      }),
    validate: () => scoreLogits(logits(validation.activations), validation.labels, classes),
    logits,
    head: () => ({
      weights: Float64Array.from(floats(kernel.read())),
      bias: Float64Array.from(floats(bias.read())),
    }),
    dispose: () => {
      optimizer.dispose();
      kernel.dispose();
      bias.dispose();
    },
  };
}

function gather(rows: Float32Array, indices: Int32Array, length: number): Float32Array {
  const out = new Float32Array(indices.length * length);
  indices.forEach((index, place) => {
    out.set(rows.subarray(index * length, (index + 1) * length), place * length);
  });
  return out;
}

function digest(
  examples: CutExamples,
  validation: CutValidation,
  start: LinearClassifier,
  settings: unknown,
): string {
  const hash = createHash("sha256").update(JSON.stringify(settings));
  const { activations, targets } = examples;
  for (const part of [
    activations,
    targets,
    validation.activations,
    validation.labels,
    start.weights,
    start.bias,
  ]) {
    hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
  }
  return hash.digest("hex");
}
