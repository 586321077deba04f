import { Worker } from "node:worker_threads";
import type { ImageSet } from "../data/image-set.ts";
import { askWorker } from "../data/worker-requests.ts";
import { trainableWeights } from "./backward-pass.ts";
import { addRows, type BatchPart, type PartGradients } from "./batch-parts.ts";
import type { TrainingConfig } from "./config.ts";
import type { Normalization } from "./image-batches.ts";
import type { TrainingRequest } from "./training-request.ts";
import { readWeights } from "./weights.ts";

/** What a thread begins with. All threads see the same images, weights and rows. */
export interface ThreadStart {
  /** Of the model, as tfjs writes it. */
  readonly topology: object;
  readonly train: ImageSet;
  readonly inputSpec: Normalization;
  readonly config: TrainingConfig;
  /** The trainable weights, one after the other; read before each task. */
  readonly weights: Float32Array;
  /** Where the results go, by their number. */
  readonly rows: readonly Float32Array[];
}

/** What a thread is told: parts, each with the number of its row. It answers `done`. */
export type ThreadTask = readonly { readonly part: BatchPart; readonly row: number }[];

/** Sums what the parts of a batch ask for. */
export interface GradientThreads {
  /** The sum over all parts, in their order: the same bits for any number of threads. */
  sum(parts: readonly BatchPart[]): Promise<Float32Array>;
  /** Ends the threads. */
  dispose(): Promise<void>;
}

/**
 * Shares the parts of each batch out among threads, of which this one is the first. With one, nothing is shared.
 * @param own of this thread
 * @param most parts of a batch
 */
export function openGradientThreads(
  request: Pick<TrainingRequest, "model" | "train" | "inputSpec">,
  config: TrainingConfig,
  own: PartGradients,
  { threads, most }: { readonly threads: number; readonly most: number },
): GradientThreads {
  const rows = Array.from({ length: most }, () => sharedFloats(own.length));
  const trainable = { weights: trainableWeights(request.model) };
  const weights = sharedFloats(threads === 1 ? 0 : lengthOf(readWeights(trainable)));
  const start = (): ThreadStart => ({
    // tfjs declares no type for what it writes
    topology: request.model.toJSON(null, false) as object,
    train: { ...request.train, images: sharedBytes(request.train.images), paths: [] },
    inputSpec: request.inputSpec,
    config,
    weights,
    rows,
  });
  const others = threads === 1 ? [] : startThreads(threads - 1, start());
  return {
    sum: async (parts) => {
      if (others.length > 0) writeFlat(readWeights(trainable), weights);
      const tasks = parts.map((part, row) => ({ part, row }));
      const share = (thread: number): ThreadTask => tasks.filter(({ row }) => row % threads === thread);
      const answers = Promise.all(others.map((other, index) => askWorker(other, share(index + 1))));
      // a thread that fails while this one computes is heard of below
      answers.catch(() => undefined);
      for (const { part, row } of share(0)) own.run(part, rows[row] as Float32Array);
      await answers;
      const used = rows.slice(0, parts.length);
      addRows(used);
      return used[0] ?? new Float32Array(own.length);
    },
    dispose: async () => {
      await Promise.all(others.map((other) => other.terminate()));
    },
  };
}

function startThreads(count: number, start: ThreadStart): Worker[] {
  const file = new URL("gradient-thread.ts", import.meta.url);
  return Array.from({ length: count }, () => new Worker(file, { workerData: start }));
}

function sharedFloats(length: number): Float32Array {
  return new Float32Array(new SharedArrayBuffer(4 * length));
}

function sharedBytes(bytes: Uint8Array): Uint8Array {
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

function lengthOf(values: readonly Float32Array[]): number {
  return values.reduce((sum, { length }) => sum + length, 0);
}

function writeFlat(values: readonly Float32Array[], out: Float32Array): void {
  let offset = 0;
  for (const value of values) {
    out.set(value, offset);
    offset += value.length;
  }
}
