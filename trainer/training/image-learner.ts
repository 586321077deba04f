import { imageCount } from "../data/image-set.ts";
import { Adam } from "./adam.ts";
import { classWeights } from "./class-weights.ts";
import type { TrainingConfig } from "./config.ts";
import { createForwardPass } from "./forward-pass.ts";
import { createBatchMaker } from "./image-batches.ts";
import { stream } from "./random.ts";
import type { Learner } from "./run-training.ts";
import { trainableWeights, trainStep } from "./train-step.ts";
import { digestRun, type TrainingRequest } from "./training-request.ts";
import { predictLogits, scoreLogits } from "./validate.ts";

/**
 * A chain of layers that learns from augmented images; classes of very different sizes count alike.
 * @returns its optimiser is the caller's to dispose of
 * @throws unsupported_model, see {@link createForwardPass}
 */
export function createImageLearner(request: TrainingRequest, config: TrainingConfig): Learner {
  const { engine, model, train, validation, inputSpec } = request;
  const batches = createBatchMaker(train, inputSpec);
  const optimizer = new Adam(engine, trainableWeights(model), config.weightDecay);
  const context = {
    model,
    forward: createForwardPass(model, engine),
    optimizer,
    labelSmoothing: config.labelSmoothing,
    classWeights: classWeights(train.labels, train.classes),
    gradientClip: config.gradientClip,
  };
  const { seed, augmentation } = config;
  return {
    weights: model.weights,
    optimizer,
    examples: imageCount(train),
    digest: digestRun(request, config),
    step: (indices, place, learningRate) => {
      const batch = batches.augmented(indices, augmentation, stream(seed, `augment/${place}`));
      return trainStep(context, batch, learningRate, stream(seed, `dropout/${place}`));
    },
    validate: () =>
      scoreLogits(predictLogits(model, validation, inputSpec), validation.labels, validation.classes),
  };
}
