import { setImmediate } from "node:timers/promises";
import { AppError } from "../../shared/contract/errors.ts";
import { type Checkpoint, loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";
import type { TrainingConfig } from "./config.ts";
import { learningRateAt } from "./learning-rate.ts";
import type { Optimizer } from "./optimizer.ts";
import { shuffle, stream } from "./random.ts";
import type { TrainingRequest, TrainingResult } from "./training-request.ts";
import type { Validation } from "./validate.ts";
import { hashWeights, readWeights, type Weighted, writeWeights } from "./weights.ts";

/** What a run trains: weights, examples to learn from, and a way to score what was learnt. */
export interface Learner extends Weighted {
  /** Of those weights that are trained. */
  readonly optimizer: Optimizer;
  /** Number of examples to learn from, at least one. */
  readonly examples: number;
  /** Changes with everything that the resulting weights depend on, but the code and the machine. */
  readonly digest: string;
  /**
   * One update on some examples.
   * @param place of the step in the run, the name of its random streams
   * @returns the mean loss before the update, in nats
   */
  step(indices: Int32Array, place: string, learningRate: number): number | Promise<number>;
  validate(): Validation;
}

/** How a run goes, and where it leaves its traces. */
export type RunOptions = Pick<
  TrainingRequest,
  "runId" | "store" | "onProgress" | "onMetrics" | "signal" | "isOutOfTime"
> & {
  readonly config: Pick<
    TrainingConfig,
    "seed" | "epochs" | "batchSize" | "learningRate" | "warmupSteps" | "schedule" | "patience" | "averaging"
  >;
};

/** The part of a run's state that is not in the weights or the optimiser. */
interface Position {
  epoch: number;
  step: number;
  lossSum: number;
  best: { readonly epoch: number; readonly validation: Validation } | null;
  bestWeights: readonly Float32Array[];
  /** Running average of the weights; empty without one. */
  average: readonly Float32Array[];
}

/**
 * Trains: shuffled batches, warm-up and cosine, validation and checkpoint after every epoch; ends with the weights of the
 * best epoch. Goes on from the checkpoint of its run, where there is one.
 * @throws invalid_argument when training diverges or the checkpoint is that of another run
 */
export async function runTraining(learner: Learner, options: RunOptions): Promise<TrainingResult> {
  return new TrainingRun(learner, options).execute();
}

class TrainingRun {
  readonly #learner: Learner;
  readonly #options: RunOptions;
  readonly #batchSize: number;
  readonly #stepsPerEpoch: number;
  #position: Position = { epoch: 0, step: 0, lossSum: 0, best: null, bestWeights: [], average: [] };

  constructor(learner: Learner, options: RunOptions) {
    this.#learner = learner;
    this.#options = options;
    this.#batchSize = Math.min(options.config.batchSize, learner.examples);
    this.#stepsPerEpoch = Math.floor(learner.examples / this.#batchSize);
  }

  async execute(): Promise<TrainingResult> {
    await this.#resume();
    const { epochs } = this.#options.config;
    let outcome: TrainingResult["outcome"] = "finished";
    while (outcome === "finished" && this.#position.epoch < epochs) {
      if (this.#isExhausted()) outcome = "stopped-early";
      else outcome = await this.#runEpoch();
    }
    if (outcome !== "aborted") writeWeights(this.#learner, this.#position.bestWeights);
    return this.#result(outcome);
  }

  #isExhausted(): boolean {
    const { best, epoch } = this.#position;
    return best !== null && epoch - 1 - best.epoch >= this.#options.config.patience;
  }

  /** @returns `finished` when the run may go on */
  async #runEpoch(): Promise<"finished" | "out-of-time" | "aborted"> {
    const position = this.#position;
    const order = Int32Array.from({ length: this.#learner.examples }, (_, index) => index);
    shuffle(order, stream(this.#options.config.seed, `order/${position.epoch}`));
    let isOutOfTime = false;
    while (position.step < this.#stepsPerEpoch) {
      // lets signal handlers and other callbacks run between steps
      await setImmediate();
      if (this.#options.signal?.aborted === true) {
        await this.#save();
        return "aborted";
      }
      isOutOfTime = this.#options.isOutOfTime?.() === true;
      if (isOutOfTime) break;
      await this.#runStep(order);
    }
    this.#validate();
    position.epoch++;
    position.step = 0;
    position.lossSum = 0;
    await this.#save();
    return isOutOfTime ? "out-of-time" : "finished";
  }

  async #runStep(order: Int32Array): Promise<void> {
    const position = this.#position;
    const first = position.step * this.#batchSize;
    const indices = order.subarray(first, first + this.#batchSize);
    const place = `${position.epoch}/${position.step}`;
    const loss = await this.#learner.step(indices, place, this.#learningRate());
    if (!Number.isFinite(loss)) throw this.#diverged("loss", loss);
    this.#followAverage();
    position.lossSum += loss;
    position.step++;
    this.#options.onProgress?.({
      epoch: position.epoch,
      epochs: this.#options.config.epochs,
      step: this.#stepsDone(),
      totalSteps: this.#totalSteps(),
      loss: position.lossSum / position.step,
      validationTop1Accuracy: position.best?.validation.top1Accuracy ?? null,
    });
  }

  /** The average starts at the weights and remembers ever longer, until it keeps its share (Polyak averaging). */
  #followAverage(): void {
    const { averaging } = this.#options.config;
    if (averaging === undefined) return;
    const current = readWeights(this.#learner);
    const step = this.#stepsDone();
    const kept = step === 0 ? 0 : Math.min(averaging, (1 + step) / (10 + step));
    this.#position.average = current.map((values, index) => {
      const before = this.#position.average[index] ?? values;
      return values.map((value, i) => kept * (before[i] as number) + (1 - kept) * value);
    });
  }

  #validate(): void {
    const { average } = this.#position;
    if (average.length === 0) {
      this.#score();
      return;
    }
    const trained = readWeights(this.#learner);
    writeWeights(this.#learner, average);
    this.#score();
    writeWeights(this.#learner, trained);
  }

  #score(): void {
    const position = this.#position;
    const validation = this.#learner.validate();
    // no later epoch would count as better than one without a number
    if (!Number.isFinite(validation.loss)) throw this.#diverged("validation loss", validation.loss);
    const best = position.best === null || isBetter(validation, position.best.validation);
    if (best) {
      position.best = { epoch: position.epoch, validation };
      position.bestWeights = readWeights(this.#learner);
    }
    this.#options.onMetrics?.({
      epoch: position.epoch,
      step: this.#stepsDone(),
      learningRate: learningRateAt(this.#stepsDone() - 1, this.#totalSteps(), this.#options.config),
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
        `${this.#options.config.learningRate}, or lengthen the warm-up`,
    );
  }

  #learningRate(): number {
    return learningRateAt(this.#stepsDone(), this.#totalSteps(), this.#options.config);
  }

  #stepsDone(): number {
    return this.#position.epoch * this.#stepsPerEpoch + this.#position.step;
  }

  #totalSteps(): number {
    return this.#options.config.epochs * this.#stepsPerEpoch;
  }

  async #resume(): Promise<void> {
    const { store, runId } = this.#options;
    if (store === undefined || runId === undefined) return;
    const checkpoint = await loadCheckpoint(store, runId, this.#learner.digest);
    if (checkpoint === null) return;
    const { epoch, step, lossSum, best, bestWeights, average } = checkpoint;
    this.#position = { epoch, step, lossSum, best, bestWeights, average };
    writeWeights(this.#learner, checkpoint.weights);
    const { optimizerSteps: steps, first, second } = checkpoint;
    this.#learner.optimizer.restore({ steps, first, second });
  }

  async #save(): Promise<void> {
    const { store, runId } = this.#options;
    if (store === undefined || runId === undefined) return;
    const { steps: optimizerSteps, first, second } = this.#learner.optimizer.save();
    const checkpoint: Checkpoint = {
      runDigest: this.#learner.digest,
      ...this.#position,
      optimizerSteps,
      weights: readWeights(this.#learner),
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
      weightsSha256: hashWeights(this.#learner),
    };
  }
}

/** By loss: the accuracy of a small set moves in steps of a whole image and picks lucky epochs. */
function isBetter(candidate: Validation, best: Validation): boolean {
  return candidate.loss < best.loss;
}
