import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { createPartGradients, partSizeFor, partsOf } from "../../../trainer/training/batch-parts.ts";
import type { TrainingConfig } from "../../../trainer/training/config.ts";
import { trainModel } from "../../../trainer/training/train-model.ts";
import type { TrainingProgress, TrainingRequest } from "../../../trainer/training/training-request.ts";
import { colouredImages } from "./coloured-images.ts";

const inputSpec: TrainingRequest["inputSpec"] = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const config: TrainingConfig = {
  seed: 5,
  epochs: 2,
  batchSize: 12,
  partSize: 4,
  learningRate: 0.01,
  warmupSteps: 2,
  schedule: "cosine",
  weightDecay: 0.01,
  labelSmoothing: 0.1,
  augmentation: { flip: true, shift: 0.1, brightness: 0.05, contrast: 0.1 },
  gradientClip: 1,
  patience: 10,
};
const train = colouredImages(40, 1);
const validation = colouredImages(9, 2);

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
});

function request(overrides: Partial<TrainingRequest> = {}): TrainingRequest {
  const model = buildModel("small-cnn", { size: 16, classes: 3, seed: 3, width: 0.25, dropout: 0.2 });
  return { engine, model, train, validation, inputSpec, config, ...overrides };
}

describe("threads", () => {
  it("give the same weights whatever their number", async () => {
    const hashes = [];
    for (const workers of [1, 2, 3]) hashes.push((await trainModel(request({ workers }))).weightsSha256);
    expect(new Set(hashes).size).toBe(1);
    const other = await trainModel(request({ config: { ...config, partSize: 6 } }));
    expect(other.weightsSha256).not.toBe(hashes[0]);
  });

  it("may be more or fewer when an interrupted run goes on", async () => {
    const whole = await trainModel(request());
    const store = createMemoryStore();
    const abort = new AbortController();
    const onProgress = ({ step }: TrainingProgress): void => {
      if (step === 4) abort.abort();
    };
    const part = request({ store, runId: "run", signal: abort.signal, onProgress, workers: 2 });
    expect(await trainModel(part)).toMatchObject({ outcome: "aborted", steps: 4 });
    expect(await trainModel(request({ store, runId: "run", workers: 3 }))).toEqual(whole);
  });
});

describe("parts of a batch", () => {
  it("are as few as can be and nearly of one size", () => {
    const parts = partsOf(
      Int32Array.from({ length: 33 }, (_, i) => i),
      "0/7",
      16,
    );
    expect(parts.map(({ indices }) => [...indices])).toEqual([
      Array.from({ length: 11 }, (_, i) => i),
      Array.from({ length: 11 }, (_, i) => 11 + i),
      Array.from({ length: 11 }, (_, i) => 22 + i),
    ]);
    expect(parts.map(({ place }) => place)).toEqual(["0/7/0", "0/7/1", "0/7/2"]);
    expect(parts.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 12);
  });

  it("sum to the gradient of the whole where no batch normalization sees them", () => {
    const model = tfl.sequential({
      layers: [
        tfl.layers.conv2d({
          inputShape: [16, 16, 3],
          filters: 8,
          kernelSize: 3,
          padding: "same",
          kernelInitializer: tfl.initializers.heNormal({ seed: 1 }),
        }),
        tfl.layers.reLU(),
        tfl.layers.globalAveragePooling2d({}),
        tfl.layers.dense({ units: 3, kernelInitializer: tfl.initializers.glorotUniform({ seed: 2 }) }),
      ],
    });
    const still = { ...config, augmentation: { flip: false, shift: 0, brightness: 0, contrast: 0 } };
    const gradients = createPartGradients({ engine, model, train, inputSpec }, still);
    const indices = Int32Array.from({ length: 22 }, (_, i) => i);
    const sumOver = (most: number): Float32Array => {
      const sum = new Float32Array(gradients.length);
      for (const part of partsOf(indices, "0/0", most)) {
        const row = new Float32Array(gradients.length);
        gradients.run(part, row);
        row.forEach((value, i) => (sum[i] = (sum[i] as number) + value));
      }
      return sum;
    };
    const [whole, inParts] = [sumOver(22), sumOver(5)];
    const scale = Math.max(...whole.map(Math.abs));
    expect(scale).toBeGreaterThan(0.01);
    const error = Math.max(...whole.map((value, i) => Math.abs(value - (inParts[i] as number))));
    expect(error / scale).toBeLessThan(1e-5);
    model.dispose();
  });

  it("are of 16 images, or of fewer where those would not fit into memory", () => {
    const small = buildModel("small-cnn", { size: 32, classes: 3, seed: 1, width: 1 });
    const large = buildModel("small-cnn", { size: 512, classes: 3, seed: 1, width: 2 });
    expect(partSizeFor(small, { name: "wasm" })).toBe(16);
    expect(partSizeFor(small, { name: "native-cpu" })).toBeGreaterThan(128);
    expect(partSizeFor(large, { name: "wasm" })).toBeLessThan(16);
    expect(partSizeFor(large, { name: "wasm" })).toBeGreaterThanOrEqual(1);
    tf.dispose([small, large].flatMap((model) => model.weights.map((weight) => weight.read())));
  });
});
