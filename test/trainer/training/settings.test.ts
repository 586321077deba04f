import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { trainableWeights } from "../../../trainer/training/backward-pass.ts";
import { createPartGradients } from "../../../trainer/training/batch-parts.ts";
import { parseTrainingConfig, type TrainingConfig } from "../../../trainer/training/config.ts";
import type { Optimizer } from "../../../trainer/training/optimizer.ts";
import { type Learner, runTraining } from "../../../trainer/training/run-training.ts";
import { trainModel } from "../../../trainer/training/train-model.ts";
import { createUpdate } from "../../../trainer/training/train-step.ts";
import { predictLogits } from "../../../trainer/training/validate.ts";
import { floats, OwnWeight, readWeights } from "../../../trainer/training/weights.ts";
import { colouredImages } from "./coloured-images.ts";

const inputSpec = {
  mean: [0.5, 0.5, 0.5] as [number, number, number],
  std: [0.25, 0.25, 0.25] as [number, number, number],
};
const plain: TrainingConfig = parseTrainingConfig({
  seed: 5,
  epochs: 1,
  batchSize: 12,
  learningRate: 0.01,
  warmupSteps: 0,
  schedule: "constant",
  weightDecay: 0,
  labelSmoothing: 0,
  augmentation: { flip: false, shift: 0, brightness: 0, contrast: 0 },
  patience: 10,
});

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
  await engine.activate();
});

function model(dropout = 0): ReturnType<typeof buildModel> {
  return buildModel("small-cnn", { size: 16, classes: 3, seed: 3, width: 0.25, dropout });
}

/** An optimiser that keeps what it is given. */
function recorder(): Optimizer & { readonly seen: number[][] } {
  const seen: number[][] = [];
  return {
    seen,
    step: (gradients) => void seen.push(gradients.flatMap((gradient) => [...floats(gradient)])),
    save: () => ({ steps: 0, first: [], second: [] }),
    restore: () => undefined,
    dispose: () => undefined,
  };
}

/** A learner of one number, which each step moves on to the next of a list, from wherever it is. */
function listLearner(
  values: readonly number[],
): Learner & { readonly validated: number[]; readonly now: () => number } {
  const weight = new OwnWeight("number", [1], Float32Array.of(0));
  const rest = values.map((value, i) => value - (values[i - 1] ?? 0));
  const validated: number[] = [];
  const now = (): number => floats(weight.read())[0] ?? Number.NaN;
  return {
    weights: [weight],
    optimizer: recorder(),
    examples: 4,
    digest: "",
    validated,
    now,
    step: () => {
      tf.tidy(() => weight.write(tf.tensor1d([now() + (rest.shift() ?? Number.NaN)])));
      return 1;
    },
    validate: () => {
      validated.push(now());
      return { top1Accuracy: 1, loss: 1 / validated.length };
    },
  };
}

describe("gradientClip", () => {
  it.for([
    ["shortens what is longer, keeping its direction", 0.5],
    ["leaves what is shorter as it is", 1e6],
    ["is none unless told", undefined],
  ] as const)("%s", ([, most]) => {
    const net = model();
    const sizes = net.weights.map((weight) => weight.read().size);
    const trainable = trainableWeights(net).reduce((sum, weight) => sum + weight.read().size, 0);
    const row = Float32Array.from({ length: 1 + sizes.reduce((a, b) => a + b, 0) }, (_, i) => Math.sin(i));
    const gradients = [...row.subarray(1, 1 + trainable)];
    const length = Math.hypot(...gradients);
    const factor = most === undefined ? 1 : Math.min(1, most / length);
    const optimizer = recorder();
    const [running] = net.layers.flatMap((layer) => layer.nonTrainableWeights);
    const statistic = (): number => (running === undefined ? Number.NaN : (floats(running.read())[0] ?? 0));
    const before = statistic();
    const observed = row[1 + trainable] ?? 0;

    createUpdate(net, optimizer, most)(row, 0.1);

    const [got = []] = optimizer.seen;
    expect(got).toHaveLength(trainable);
    expect(Math.hypot(...got)).toBeCloseTo(length * factor, 4);
    const worst = Math.max(...got.map((value, i) => Math.abs(value - factor * (gradients[i] ?? 0))));
    expect(worst).toBeLessThan(1e-6);
    // batch normalization's statistics stand in the row too, and are no gradients
    expect(statistic()).toBeCloseTo(0.9 * before + 0.1 * observed, 5);
    net.dispose();
  });

  it("reaches the training: Adam hardly moves on gradients that are shorter than its epsilon", async () => {
    const moved: number[] = [];
    for (const gradientClip of [undefined, 1e-10]) {
      const net = model();
      const weights = trainableWeights(net);
      const before = weights.map((weight) => floats(weight.read()));
      const train = colouredImages(12, 1);
      const config = { ...plain, ...(gradientClip === undefined ? {} : { gradientClip }) };
      await trainModel({ engine, model: net, train, validation: train, inputSpec, config });
      const steps = weights.flatMap((weight, w) =>
        [...floats(weight.read())].map((value, i) => Math.abs(value - (before[w]?.[i] ?? 0))),
      );
      moved.push(Math.max(...steps));
      net.dispose();
    }
    // the first step of Adam: rate * g / (|g| + 1e-7 * correction)
    expect(moved[0]).toBeCloseTo(plain.learningRate, 3);
    expect(moved[1]).toBeLessThan(plain.learningRate * 0.05);
  });
});

describe("labelSmoothing", () => {
  it.for([0, 0.1, 0.4])("of %d spreads that share of each label over all classes", (labelSmoothing) => {
    const net = model();
    const train = colouredImages(12, 1);
    const all = Int32Array.from(train.labels.keys());
    const config = { ...plain, labelSmoothing };
    const gradients = createPartGradients({ engine, model: net, train, inputSpec }, config);
    const row = new Float32Array(gradients.length);
    gradients.run({ indices: all, place: "0/0/0", share: 1 }, row);
    // What the net answers in training, by its own layers; all classes are of one size, so that they weigh alike.
    const logits = tf.tidy(() => {
      const normalized = Float32Array.from(train.images, (value) => (value / 255 - 0.5) / 0.25);
      const x = tf.tensor4d(normalized, [12, 16, 16, 3]);
      return floats(net.apply(x, { training: true }) as tf.Tensor);
    });
    let loss = 0;
    const biasGradient = [0, 0, 0];
    for (const [image, label] of train.labels.entries()) {
      const own = [...logits.subarray(3 * image, 3 * image + 3)];
      const sum = own.reduce((total, value) => total + Math.exp(value), 0);
      for (const [c, value] of own.entries()) {
        const target = (c === label ? 1 - labelSmoothing : 0) + labelSmoothing / 3;
        loss -= (target * (value - Math.log(sum))) / 12;
        biasGradient[c] = (biasGradient[c] ?? 0) + (Math.exp(value) / sum - target) / 12;
      }
    }
    expect(row[0]).toBeCloseTo(loss, 4);
    const trainable = trainableWeights(net);
    const end = 1 + trainable.reduce((total, weight) => total + weight.read().size, 0);
    for (const [c, expected] of biasGradient.entries()) expect(row[end - 3 + c]).toBeCloseTo(expected, 4);
    net.dispose();
  });

  it("keeps a trained net from being sure", async () => {
    const surest: number[] = [];
    for (const labelSmoothing of [0, 0.6]) {
      const net = model();
      const train = colouredImages(48, 1);
      const config = { ...plain, labelSmoothing, epochs: 12 };
      await trainModel({ engine, model: net, train, validation: train, inputSpec, config });
      const logits = predictLogits(net, train, inputSpec);
      const probabilities = Array.from(train.labels, (_, image) => {
        const own = [...logits.subarray(3 * image, 3 * image + 3)].map(Math.exp);
        return Math.max(...own) / own.reduce((a, b) => a + b, 0);
      });
      surest.push(probabilities.reduce((a, b) => a + b, 0) / probabilities.length);
      net.dispose();
    }
    // the loss is least where the right class has 1 - 0.6 + 0.6 / 3
    expect(surest[0]).toBeGreaterThan(0.9);
    expect(surest[1]).toBeLessThan(0.75);
  });
});

describe("averaging", () => {
  const values = Array.from({ length: 40 }, (_, i) => 3 + Math.sin(3 * i) * 10);

  /** The average after so many steps, from the first value on: each with its share of what later steps keep. */
  function averageOf(steps: number, averaging: number): number {
    const keeps = values.map((_, step) => (step === 0 ? 0 : Math.min(averaging, (1 + step) / (10 + step))));
    return values
      .slice(0, steps)
      .reduce(
        (sum, value, k) =>
          sum + value * (1 - (keeps[k] ?? 0)) * keeps.slice(k + 1, steps).reduce((a, b) => a * b, 1),
        0,
      );
  }

  it.for([0.5, 0.9])(
    "validates and ends with the running average of the weights, at %d",
    async (averaging) => {
      const learner = listLearner(values);
      const config = { ...plain, epochs: 10, batchSize: 1, averaging };
      await runTraining(learner, { config });
      const expected = Array.from({ length: 10 }, (_, epoch) => averageOf(4 * (epoch + 1), averaging));
      expect(learner.validated).toHaveLength(10);
      for (const [epoch, value] of expected.entries()) expect(learner.validated[epoch]).toBeCloseTo(value, 4);
      expect(learner.now()).toBeCloseTo(expected.at(-1) ?? 0, 4);
    },
  );

  it("is none unless told", async () => {
    const learner = listLearner(values);
    await runTraining(learner, { config: { ...plain, epochs: 10, batchSize: 1 } });
    for (const [epoch, value] of learner.validated.entries())
      expect(value).toBeCloseTo(values[4 * epoch + 3] ?? 0, 5);
    expect(readWeights(learner)[0]?.[0]).toBeCloseTo(values[39] ?? 0, 5);
  });
});
