import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, describe, expect, it } from "vitest";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import type { Engine } from "../../../trainer/engine/engine.ts";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { checkpointKey } from "../../../trainer/training/checkpoint.ts";
import type { TrainingConfig } from "../../../trainer/training/config.ts";
import { trainModel } from "../../../trainer/training/train-model.ts";
import type {
  EpochMetrics,
  TrainingProgress,
  TrainingRequest,
} from "../../../trainer/training/training-request.ts";
import { predictLogits, scoreLogits } from "../../../trainer/training/validate.ts";
import { hashWeights } from "../../../trainer/training/weights.ts";
import { colouredImages } from "./coloured-images.ts";

const inputSpec: TrainingRequest["inputSpec"] = { mean: [0.5, 0.5, 0.5], std: [0.25, 0.25, 0.25] };
const train = colouredImages(48, 1);
const validation = colouredImages(12, 2);

let engine: Engine;
beforeAll(async () => {
  engine = await openEngine("wasm");
});

function config(overrides: Partial<TrainingConfig> = {}): TrainingConfig {
  return {
    seed: 5,
    epochs: 4,
    batchSize: 8,
    learningRate: 0.01,
    warmupSteps: 4,
    schedule: "cosine",
    weightDecay: 0.01,
    labelSmoothing: 0.1,
    augmentation: { flip: true, shift: 0.1, brightness: 0.05, contrast: 0.1 },
    patience: 10,
    ...overrides,
  };
}

function request(overrides: Partial<TrainingRequest> = {}): TrainingRequest {
  const model = buildModel("small-cnn", { size: 16, classes: 3, seed: 3, width: 0.25, dropout: 0.2 });
  return { engine, model, train, validation, inputSpec, config: config(), ...overrides };
}

describe("trainModel", () => {
  it("learns, and gives the best epoch's accuracy back", async () => {
    const job = request();
    const result = await trainModel(job);
    const score = scoreLogits(predictLogits(job.model, validation, inputSpec), validation.labels, 3);
    expect(result.outcome).toBe("finished");
    expect(result.validation?.top1Accuracy).toBeGreaterThanOrEqual(0.9);
    expect(score).toEqual(result.validation);
    job.model.dispose();
  });

  it("gives the same weights for the same seed, and others for another", async () => {
    const hashes = [];
    for (const seed of [5, 5, 6]) {
      const job = request({ config: config({ seed }) });
      hashes.push((await trainModel(job)).weightsSha256);
      job.model.dispose();
    }
    expect(hashes[1]).toBe(hashes[0]);
    expect(hashes[2]).not.toBe(hashes[0]);
  });

  it("goes on where it was with an averaged net on mixed and changed images, too", async () => {
    const changed = config({
      augmentation: {
        ...config().augmentation,
        rotation: 20,
        zoom: 0.2,
        saturation: 0.5,
        cutout: 0.4,
        mixup: 0.3,
      },
      averaging: 0.9,
      gradientClip: 0.5,
    });
    const whole = request({ config: changed });
    const { weightsSha256 } = await trainModel(whole);
    const store = createMemoryStore();
    const controller = new AbortController();
    const onProgress = ({ step }: TrainingProgress): void => {
      if (step === 9) controller.abort();
    };
    const first = request({ config: changed, store, runId: "run", signal: controller.signal, onProgress });
    expect((await trainModel(first)).outcome).toBe("aborted");
    const second = request({ config: changed, store, runId: "run" });
    const resumed = await trainModel(second);
    expect(resumed).toMatchObject({ outcome: "finished", weightsSha256 });
    expect(resumed.validation?.top1Accuracy).toBeGreaterThanOrEqual(0.8);
    for (const job of [whole, first, second]) job.model.dispose();
  });

  it("ends with what it has when its time is over, validated", async () => {
    const job = request();
    let asked = 0;
    const result = await trainModel({ ...job, isOutOfTime: () => ++asked > 8 });
    const score = scoreLogits(predictLogits(job.model, validation, inputSpec), validation.labels, 3);
    expect(result).toMatchObject({ outcome: "out-of-time", epochs: 2 });
    expect(score).toEqual(result.validation);
    job.model.dispose();
  });

  it("keeps the number of tensors from epoch to epoch, and frees its own at the end", async () => {
    const job = request();
    const before = tf.memory().numTensors;
    const counts: number[] = [];
    await trainModel({ ...job, onMetrics: () => counts.push(tf.memory().numTensors) });
    expect(new Set(counts).size).toBe(1);
    expect(tf.memory().numTensors).toBe(before);
    job.model.dispose();
  });

  it.each([
    ["adam", 0.01],
    ["muon", 0.035],
  ] as const)(
    "gives an interrupted and resumed run the weights of an uninterrupted one, by %s",
    async (optimizer, learningRate) => {
      const settings = config({ optimizer, learningRate });
      const expected = await trainModel(request({ config: settings }));
      expect(expected.validation?.top1Accuracy).toBeGreaterThanOrEqual(0.9);

      const store = createMemoryStore();
      const stopAfter = [3, 6, 7, 15];
      let steps = 0;
      for (const limit of stopAfter) {
        const abort = new AbortController();
        // another process would build its model with other, random weights
        const model = buildModel("small-cnn", {
          size: 16,
          classes: 3,
          seed: 3 + steps,
          width: 0.25,
          dropout: 0.2,
        });
        if (steps === 0) model.setWeights(request().model.getWeights());
        const onProgress = ({ step }: TrainingProgress): void => {
          steps = step;
          if (step >= limit) abort.abort();
        };
        const part = await trainModel(
          request({ config: settings, model, store, runId: "run", signal: abort.signal, onProgress }),
        );
        expect(part).toMatchObject({ outcome: "aborted", steps: limit });
      }
      const resumed = await trainModel(request({ config: settings, store, runId: "run" }));
      expect(resumed).toEqual(expected);
    },
  );

  it("does not train a finished run again", async () => {
    const store = createMemoryStore();
    const first = await trainModel(request({ store, runId: "run" }));
    let steps = 0;
    const second = await trainModel(request({ store, runId: "run", onProgress: () => steps++ }));
    expect(second).toEqual(first);
    expect(steps).toBe(0);
  });

  it("rejects the checkpoint of a run with other settings", async () => {
    const store = createMemoryStore();
    await trainModel(request({ store, runId: "run", config: config({ epochs: 1 }) }));
    const other = trainModel(request({ store, runId: "run", config: config({ epochs: 2 }) }));
    await expect(other).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("rejects a damaged checkpoint", async () => {
    const store = createMemoryStore();
    await trainModel(request({ store, runId: "run", config: config({ epochs: 1 }) }));
    const stored = await store.get(checkpointKey("run"));
    const bytes = stored.kind === "found" ? stored.bytes.slice() : new Uint8Array();
    bytes.set([(bytes.at(-5) ?? 0) ^ 1], bytes.length - 5);
    await store.put(checkpointKey("run"), bytes);
    const resumed = trainModel(request({ store, runId: "run", config: config({ epochs: 1 }) }));
    await expect(resumed).rejects.toMatchObject({ code: "integrity_mismatch" });
  });

  it("stops when validation has not improved for the patience, with the best weights", async () => {
    const metrics: EpochMetrics[] = [];
    const hashes: string[] = [];
    const settings = config({ epochs: 30, patience: 2, schedule: "constant" });
    const job = request({ config: settings });
    const onMetrics = (line: EpochMetrics): void => {
      metrics.push(line);
      hashes.push(hashWeights(job.model));
    };
    const result = await trainModel({ ...job, onMetrics });
    const lastBest = metrics.findLast(({ best }) => best)?.epoch ?? -1;
    expect(result.outcome).toBe("stopped-early");
    expect(metrics).toHaveLength(lastBest + 3);
    expect(result.bestEpoch).toBe(lastBest);
    expect(result.weightsSha256).toBe(hashes[lastBest]);
  });

  it("reports every step", async () => {
    const reports: TrainingProgress[] = [];
    await trainModel(
      request({ config: config({ epochs: 2 }), onProgress: (report) => reports.push(report) }),
    );
    expect(reports.map(({ step }) => step)).toEqual(Array.from({ length: 12 }, (_, index) => index + 1));
    expect(reports[0]).toMatchObject({ epoch: 0, epochs: 2, totalSteps: 12, validationTop1Accuracy: null });
    expect(reports[11]?.validationTop1Accuracy).toBeGreaterThan(0);
  });

  it("rejects a set that does not fit the model", async () => {
    const large = trainModel(request({ train: colouredImages(6, 1, 32) }));
    await expect(large).rejects.toThrow(/3 classes of 32x32 px, the model takes 3 classes of 16x16 px/);
    const empty = trainModel(request({ validation: colouredImages(0, 1) }));
    await expect(empty).rejects.toThrow(/validation set has no images/);
  });

  it("rejects settings that are out of range, naming them", async () => {
    const wrong = trainModel(request({ config: config({ epochs: 0, learningRate: 2 }) }));
    await expect(wrong).rejects.toThrow(/epochs.*learningRate/);
  });

  it("says so when training diverges", async () => {
    const broken = { mean: [0.5, 0.5, 0.5], std: [NaN, 1, 1] } satisfies TrainingRequest["inputSpec"];
    await expect(trainModel(request({ inputSpec: broken }))).rejects.toThrow(/diverged/);
  });

  it("says so when the validation gives no number though the training does", async () => {
    const black = { ...train, images: new Uint8Array(train.images.length) };
    const still = { flip: false, shift: 0, brightness: 0, contrast: 0 };
    const overflowing = {
      mean: [0, 0, 0],
      std: [1e-38, 1e-38, 1e-38],
    } satisfies TrainingRequest["inputSpec"];
    const job = request({ train: black, inputSpec: overflowing, config: config({ augmentation: still }) });
    await expect(trainModel(job)).rejects.toThrow(/the validation loss is NaN/);
    job.model.dispose();
  });
});
