import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as tf from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { probeNative } from "../../../trainer/engine/probe-native.ts";
import { buildModel } from "../../../trainer/model/build-model.ts";
import { planTraining } from "../../../trainer/training/defaults.ts";
import { trainModel } from "../../../trainer/training/train-model.ts";
import type { TrainingRequest } from "../../../trainer/training/training-request.ts";
import { colouredImages } from "../training/coloured-images.ts";
import { installFake, workingPackage } from "./fake-native-package.ts";

describe("a native engine", () => {
  it("trains by plain tfjs ops as the WASM engine does by its kernels", async () => {
    const folder = await mkdtemp(join(tmpdir(), "edgewise-native-"));
    try {
      const from = await installFake(folder, workingPackage("tensorflow", false));
      const native = await openEngine("native-cpu", (name) => probeNative(name, from));
      expect(native).toMatchObject({ name: "native-cpu", backendName: "tensorflow", notices: [] });
      const losses: (number | undefined)[] = [];
      for (const engine of [native, await openEngine("wasm")]) {
        const before = tf.memory().numTensors;
        const model = buildModel("small-cnn", { size: 16, classes: 3, seed: 1, width: 0.25 });
        const config = planTraining(
          { images: [] },
          { epochs: 2, batchSize: 6, learningRate: 1e-3 },
          1,
        ).training;
        const inputSpec: TrainingRequest["inputSpec"] = { mean: [0.5, 0.5, 0.5], std: [0.3, 0.3, 0.3] };
        const [train, validation] = [colouredImages(12, 1), colouredImages(6, 2)];
        const result = await trainModel({ engine, model, train, validation, inputSpec, config });
        expect(tf.getBackend()).toBe(engine.backendName);
        losses.push(result.validation?.loss);
        model.dispose();
        expect(tf.memory().numTensors).toBe(before);
      }
      // the loss, not the weights: Adam moves a weight whose gradient is but rounding noise a whole step either way
      expect(losses[0]).toBeGreaterThan(0);
      expect(losses[1]).toBeCloseTo(losses[0] ?? NaN, 3);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
