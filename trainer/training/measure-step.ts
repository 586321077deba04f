import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import type { Engine } from "../engine/engine.ts";
import { trainableWeights } from "./backward-pass.ts";
import type { TrainingConfig } from "./config.ts";
import { createOptimizer } from "./create-optimizer.ts";
import { stream } from "./random.ts";
import { createStep, trainStep } from "./train-step.ts";

const measuredSteps = 3;

/**
 * How long one training step takes on this machine, in milliseconds: the middle one of three on noise, after one that
 * is not counted. The model's weights move; it is of no use for training afterwards.
 */
export function measureStep(model: tfl.LayersModel, engine: Engine, config: TrainingConfig): number {
  const { seed, batchSize, labelSmoothing } = config;
  const shape = model.inputs[0]?.shape.slice(1).map(Number) ?? [];
  const optimizer = createOptimizer(engine, trainableWeights(model), config);
  const classes = Number(model.outputs[0]?.shape.at(-1));
  const classWeights = new Float64Array(classes).fill(1);
  const context = createStep(model, engine, optimizer, { labelSmoothing, classWeights });
  const random = stream(seed, "measure-step");
  const nhwc = new Float32Array(batchSize * tf.util.sizeFromShape(shape)).map(() => 2 * random.uniform() - 1);
  const batch = { nhwc, labels: new Int32Array(batchSize) };
  try {
    const times = Array.from({ length: 1 + measuredSteps }, () => {
      const start = performance.now();
      trainStep(context, batch, 1e-4, random);
      return performance.now() - start;
    });
    return times.slice(1).toSorted((a, b) => a - b)[Math.floor(measuredSteps / 2)] ?? 0;
  } finally {
    optimizer.dispose();
  }
}
