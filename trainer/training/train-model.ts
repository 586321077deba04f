import { setImmediate } from "node:timers/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { imageCount } from "../data/image-set.ts";
import { Adam } from "./adam.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import { parseTrainingConfig, type TrainingConfig } from "./config.ts";
import { createForwardPass } from "./forward-pass.ts";
import { type BatchMaker, createBatchMaker } from "./image-batches.ts";
import { learningRateAt } from "./learning-rate.ts";
import { shuffle, stream } from "./random.ts";
import { type StepContext, trainableWeights, trainStep } from "./train-step.ts";
import { checkSets, digestRun, type TrainingRequest, type TrainingResult } from "./training-request.ts";
import { predictLogits, scoreLogits, type Validation } from "./validate.ts";
import { hashWeights, readWeights, writeWeights } from "./weights.ts";

/** The part of a run's state that is not in the model or the optimiser. */
interface Position {
  epoch: number;
  step: number;
  lossSum: number;
  best: { readonly epoch: number; readonly validation: Validation } | null;
  bestWeights: readonly Float32Array[];
}

/**
 * Trains a model: shuffled and augmented batches, softmax cross-entropy, Adam, warm-up and cosine, validation and
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
  const run = new TrainingRun(request, config);
  try {
    return await run.execute();
  } finally {
    run.dispose();
  }
}

class TrainingRun {
  readonly #request: TrainingRequest;
  readonly #config: TrainingConfig;
  readonly #context: StepContext;
  readonly #batches: BatchMaker;
  readonly #batchSize: number;
  readonly #stepsPerEpoch: number;
  readonly #runDigest: string;
  #position: Position = { epoch: 0, step: 0, lossSum: 0, best: null, bestWeights: [] };

  constructor(request: TrainingRequest, config: TrainingConfig) {
    const { engine, model, train, inputSpec } = request;
    this.#request = request;
    this.#config = config;
    this.#batchSize = Math.min(config.batchSize, imageCount(train));
    this.#stepsPerEpoch = Math.floor(imageCount(train) / this.#batchSize);
    this.#batches = createBatchMaker(train, inputSpec);
    this.#context = {
      model,
      forward: createForwardPass(model, engine),
      optimizer: new Adam(engine, trainableWeights(model), config.weightDecay),
      labelSmoothing: config.labelSmoothing,
    };
    this.#runDigest = digestRun(request, config);
  }

  async execute(): Promise<TrainingResult> {
    await this.#resume();
    const { epochs } = this.#config;
    let outcome: TrainingResult["outcome"] = "finished";
    while (outcome === "finished" && this.#position.epoch < epochs) {
      if (this.#isExhausted()) outcome = "stopped-early";
      else outcome = await this.#runEpoch();
    }
    if (outcome !== "aborted") writeWeights(this.#request.model, this.#position.bestWeights);
    return this.#result(outcome);
  }

  dispose(): void {
    this.#context.optimizer.dispose();
  }

  #isExhausted(): boolean {
    const { best, epoch } = this.#position;
    return best !== null && epoch - 1 - best.epoch >= this.#config.patience;
  }

  /** @returns `finished` when the run may go on */
  async #runEpoch(): Promise<"finished" | "out-of-time" | "aborted"> {
    const position = this.#position;
    const order = Int32Array.from({ length: imageCount(this.#request.train) }, (_, index) => index);
    shuffle(order, stream(this.#config.seed, `order/${position.epoch}`));
    let isOutOfTime = false;
    while (position.step < this.#stepsPerEpoch) {
      // lets signal handlers and other callbacks run between steps
      await setImmediate();
      if (this.#request.signal?.aborted === true) {
        await this.#save();
        return "aborted";
      }
      isOutOfTime = this.#request.isOutOfTime?.() === true;
      if (isOutOfTime) break;
      this.#runStep(order);
    }
    this.#validate();
    position.epoch++;
    position.step = 0;
    position.lossSum = 0;
    await this.#save();
    return isOutOfTime ? "out-of-time" : "finished";
  }

  #runStep(order: Int32Array): void {
    const { seed, augmentation } = this.#config;
    const position = this.#position;
    const name = `${position.epoch}/${position.step}`;
    const first = position.step * this.#batchSize;
    const indices = order.subarray(first, first + this.#batchSize);
    const batch = this.#batches.augmented(indices, augmentation, stream(seed, `augment/${name}`));
    const loss = trainStep(this.#context, batch, this.#learningRate(), stream(seed, `dropout/${name}`));
    if (!Number.isFinite(loss)) throw this.#diverged("loss", loss);
    position.lossSum += loss;
    position.step++;
    this.#request.onProgress?.({
      epoch: position.epoch,
      epochs: this.#config.epochs,
      step: this.#stepsDone(),
      totalSteps: this.#totalSteps(),
      loss: position.lossSum / position.step,
      validationTop1Accuracy: position.best?.validation.top1Accuracy ?? null,
    });
  }

  #validate(): void {
    const { model, validation: set, inputSpec } = this.#request;
    const position = this.#position;
    const validation = scoreLogits(predictLogits(model, set, inputSpec), set.labels, set.classes);
    // no later epoch would count as better than one without a number
    if (!Number.isFinite(validation.loss)) throw this.#diverged("validation loss", validation.loss);
    const best = position.best === null || isBetter(validation, position.best.validation);
    if (best) {
      position.best = { epoch: position.epoch, validation };
      position.bestWeights = readWeights(model);
    }
    this.#request.onMetrics?.({
      epoch: position.epoch,
      step: this.#stepsDone(),
      learningRate: learningRateAt(this.#stepsDone() - 1, this.#totalSteps(), this.#config),
      trainLoss: position.lossSum / Math.max(1, position.step),
      validationLoss: validation.loss,
      validationTop1Accuracy: validation.top1Accuracy,
      best,
    });
  }

  #diverged(what: string, loss: number): AppError {
    return new AppError(
      "invalid_argument",
      `training diverged: the ${what} is ${loss} at step ${this.#stepsDone()}; lower the learning rate, which is ` +
        `${this.#config.learningRate}, or lengthen the warm-up`,
    );
  }

  #learningRate(): number {
    return learningRateAt(this.#stepsDone(), this.#totalSteps(), this.#config);
  }

  #stepsDone(): number {
    return this.#position.epoch * this.#stepsPerEpoch + this.#position.step;
  }

  #totalSteps(): number {
    return this.#config.epochs * this.#stepsPerEpoch;
  }

  async #resume(): Promise<void> {
    const { store, runId, model } = this.#request;
    if (store === undefined || runId === undefined) return;
    const checkpoint = await loadCheckpoint(store, runId, this.#runDigest);
    if (checkpoint === null) return;
    const { epoch, step, lossSum, best, bestWeights } = checkpoint;
    this.#position = { epoch, step, lossSum, best, bestWeights };
    writeWeights(model, checkpoint.weights);
    const { optimizerSteps: steps, first, second } = checkpoint;
    this.#context.optimizer.restore({ steps, first, second });
  }

  async #save(): Promise<void> {
    const { store, runId, model } = this.#request;
    if (store === undefined || runId === undefined) return;
    const { steps: optimizerSteps, first, second } = this.#context.optimizer.save();
    const checkpoint: Checkpoint = {
      runDigest: this.#runDigest,
      ...this.#position,
      optimizerSteps,
      weights: readWeights(model),
      first,
      second,
    };
    await saveCheckpoint(store, runId, checkpoint);
  }

  #result(outcome: TrainingResult["outcome"]): TrainingResult {
    const { epoch, best } = this.#position;
    return {
      outcome,
      epochs: epoch,
      steps: this.#stepsDone(),
      bestEpoch: best?.epoch ?? null,
      validation: best?.validation ?? null,
      weightsSha256: hashWeights(this.#request.model),
    };
  }
}

/** By loss: the accuracy of a small set moves in steps of a whole image and picks lucky epochs. */
function isBetter(candidate: Validation, best: Validation): boolean {
  return candidate.loss < best.loss;
}
