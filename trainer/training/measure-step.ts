import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { Engine } from "../engine/engine.ts";
import { trainableWeights } from "./backward-pass.ts";
import type { TrainingConfig } from "./config.ts";
import { createOptimizer } from "./create-optimizer.ts";
import { stream } from "./random.ts";
import { createStep } from "./train-step.ts";

const measuredSteps = 3;

/**
 * How long one training step takes on one thread of this machine, in milliseconds: a part of the batch on noise, as often
 * as the batch has parts, and the update once; of each the middle one of three, after one that is not counted. The model's
 * weights move; it is of no use for training afterwards.
 * @param part images of the batch that are computed at once
 */
export function measureStep(
  model: tfl.LayersModel,
  engine: Engine,
  config: TrainingConfig,
  part: number,
): number {
  const { seed, batchSize, labelSmoothing } = config;
  const shape = model.inputs[0]?.shape.slice(1).map(Number) ?? [];
  const optimizer = createOptimizer(engine, trainableWeights(model), config);
  const classes = Number(model.outputs[0]?.shape.at(-1));
  const classWeights = new Float64Array(classes).fill(1);
  const { backward, update } = createStep(model, engine, optimizer, { labelSmoothing, classWeights });
  const random = stream(seed, "measure-step");
  const nhwc = new Float32Array(part * tf.util.sizeFromShape(shape)).map(() => 2 * random.uniform() - 1);
  const batch = { nhwc, labels: new Int32Array(part) };
  const row = new Float32Array(backward.length);
  try {
    const times = Array.from({ length: 1 + measuredSteps }, () => ({
      gradients: millisecondsOf(() => backward.run(batch, 1, random, row)),
      update: millisecondsOf(() => update(row, 1e-4)),
    })).slice(1);
    const gradients = middle(times.map((time) => time.gradients));
    return gradients * (batchSize / part) + middle(times.map((time) => time.update));
  } finally {
    optimizer.dispose();
  }
}

function millisecondsOf(work: () => void): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}

function middle(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;
}
