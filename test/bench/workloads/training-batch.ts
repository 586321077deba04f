import type { Batch } from "../../../trainer/training/batch.ts";
import type { EngineName } from "../../../trainer/engine/engine.ts";
import { stream } from "../../../trainer/training/random.ts";
import type { MobileNetWorkload } from "./mobilenet.ts";

/** One net and one batch to train on. */
export interface TrainingWorkload extends MobileNetWorkload {
  readonly batchSize: number;
  /** What computes ours; `wasm` unless told. */
  readonly engine?: EngineName;
  /** Threads of ours; 1 unless told. */
  readonly workers?: number;
}

/** The numbers of the optimiser, as the trainer sets them; tfjs's own defaults but for epsilon. */
export const adamSettings = { learningRate: 1e-3, beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const;

/** Normalised noise with labels in turn. */
export function drawBatch({ batchSize, size, classes }: TrainingWorkload): Batch {
  const random = stream(1, "bench/batch");
  return {
    nhwc: Float32Array.from({ length: batchSize * size * size * 3 }, () => 2 * random.uniform() - 1),
    labels: Int32Array.from({ length: batchSize }, (_, image) => image % classes),
  };
}
