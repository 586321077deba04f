import { parseTrainingConfig } from "./config.ts";
import { createImageLearner } from "./image-learner.ts";
import { runTraining } from "./run-training.ts";
import { checkSets, type TrainingRequest, type TrainingResult } from "./training-request.ts";
import { readWeights, writeWeights } from "./weights.ts";

/**
 * Trains a model on images: shuffled and augmented batches, softmax cross-entropy, Adam, warm-up and cosine, validation and
 * checkpoint after every epoch; ends with the weights of the best epoch. One seed on one engine gives one model,
 * interrupted or not.
 * @throws invalid_argument for wrong settings or sets, or when training diverges; unsupported_model, see
 *   {@link createForwardPass}
 */
export async function trainModel(request: TrainingRequest): Promise<TrainingResult> {
  const config = parseTrainingConfig(request.config);
  checkSets(request);
  await request.engine.activate();
  // onto this engine: tfjs loses count of the references to tensors that move between backends
  writeWeights(request.model, readWeights(request.model));
  const learner = createImageLearner(request, config);
  try {
    return await runTraining(learner, { ...request, config });
  } finally {
    await learner.dispose();
  }
}
