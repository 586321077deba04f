import { imageCount } from "../data/image-set.ts";
import { trainableWeights } from "./backward-pass.ts";
import { createPartGradients, partSizeFor, partsOf } from "./batch-parts.ts";
import type { TrainingConfig } from "./config.ts";
import { openGradientThreads } from "./gradient-threads.ts";
import { createOptimizer } from "./create-optimizer.ts";
import type { Learner } from "./run-training.ts";
import { createUpdate } from "./train-step.ts";
import { digestRun, type TrainingRequest } from "./training-request.ts";
import { predictLogits, scoreLogits } from "./validate.ts";

/** A learner with threads and an optimiser of its own. */
export interface ImageLearner extends Learner {
  /** Frees them. */
  dispose(): Promise<void>;
}

/** A chain of layers that learns from augmented images; classes of very different sizes count alike. */
export function createImageLearner(request: TrainingRequest, config: TrainingConfig): ImageLearner {
  const { engine, model, train, validation, inputSpec } = request;
  const partSize = config.partSize ?? partSizeFor(model, engine);
  const most = Math.ceil(Math.min(config.batchSize, imageCount(train)) / partSize);
  // TensorFlow's own library has threads itself
  const threads = engine.name === "wasm" ? Math.min(request.workers ?? 1, most) : 1;
  const own = createPartGradients(request, config);
  const optimizer = createOptimizer(engine, trainableWeights(model), config);
  const update = createUpdate(model, optimizer, config.gradientClip);
  const gradients = openGradientThreads(request, config, own, { threads, most });
  return {
    weights: model.weights,
    optimizer,
    examples: imageCount(train),
    digest: digestRun(request, config),
    step: async (indices, place, learningRate) =>
      update(await gradients.sum(partsOf(indices, place, partSize)), learningRate),
    validate: () =>
      scoreLogits(predictLogits(model, validation, inputSpec), validation.labels, validation.classes),
    dispose: async () => {
      optimizer.dispose();
      await gradients.dispose();
    },
  };
}
