import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { Engine } from "../engine/engine.ts";
import {
  type BackwardPass,
  createBackwardPass,
  type LossOptions,
  trainableWeights,
} from "./backward-pass.ts";
import { runningStatisticsOf } from "./forward-pass.ts";
import type { Batch } from "./batch.ts";
import type { Optimizer } from "./optimizer.ts";
import type { RandomStream } from "./random.ts";
import { assign } from "./weights.ts";

/** Moves a model by what a whole batch asks for. @param row see {@link BackwardPass}  @returns the loss in it */
export type Update = (row: Float32Array, learningRate: number) => number;

/** The update of a model: gradients clipped, the optimiser's step, running statistics. Frees every tensor it makes. */
export function createUpdate(model: tfl.LayersModel, optimizer: Optimizer, gradientClip?: number): Update {
  const shapes = trainableWeights(model).map((weight) => weight.read().shape);
  const running = runningStatisticsOf(model);
  return (row, learningRate) => {
    tf.tidy(() => {
      let offset = 1;
      const take = (shape: number[]): tf.Tensor => {
        const start = offset;
        offset += tf.util.sizeFromShape(shape);
        return tf.tensor(row.slice(start, offset), shape);
      };
      const length = shapes.reduce((sum, shape) => sum + tf.util.sizeFromShape(shape), 0);
      clip(row.subarray(offset, offset + length), gradientClip);
      optimizer.step(shapes.map(take), learningRate);
      for (const { weight, momentum } of running) {
        const observed = take(weight.read().shape);
        assign(weight, tf.add(tf.mul(weight.read(), momentum), tf.mul(observed, 1 - momentum)));
      }
    });
    return row[0] ?? Number.NaN;
  };
}

/** What one step on a whole batch needs. */
export interface StepContext {
  readonly backward: BackwardPass;
  readonly update: Update;
}

/** Prepares {@link trainStep}. */
export function createStep(
  model: tfl.LayersModel,
  engine: Engine,
  optimizer: Optimizer,
  loss: LossOptions,
): StepContext {
  return { backward: createBackwardPass(model, engine, loss), update: createUpdate(model, optimizer) };
}

/**
 * One optimiser update on one batch, computed at once.
 * @returns the mean loss of the batch before the update, in nats
 */
export function trainStep(
  { backward, update }: StepContext,
  batch: Batch,
  learningRate: number,
  random: RandomStream,
): number {
  const row = new Float32Array(backward.length);
  backward.run(batch, 1, random, row);
  return update(row, learningRate);
}

/** Shortens all gradients alike when together they are longer than `most` (Pascanu et al. 2013), in place. */
function clip(gradients: Float32Array, most: number | undefined): void {
  if (most === undefined) return;
  let squares = 0;
  for (const gradient of gradients) squares += gradient * gradient;
  const length = Math.sqrt(squares);
  if (length <= most) return;
  for (let i = 0; i < gradients.length; i++) gradients[i] = ((gradients[i] as number) * most) / length;
}
