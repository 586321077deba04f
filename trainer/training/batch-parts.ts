import type * as tfl from "@tensorflow/tfjs-layers";
import type { Engine } from "../engine/engine.ts";
import { type BackwardPass, createBackwardPass } from "./backward-pass.ts";
import { classWeights } from "./class-weights.ts";
import type { TrainingConfig } from "./config.ts";
import { createBatchMaker } from "./image-batches.ts";
import { stream } from "./random.ts";
import type { TrainingRequest } from "./training-request.ts";

/** Images of a batch that are computed at once. Batch normalization sees these alone. */
export interface BatchPart {
  readonly indices: Int32Array;
  /** Names its random streams. */
  readonly place: string;
  /** Of the batch, 0-1. */
  readonly share: number;
}

/** Images of a part on the WASM engine, where memory allows: enough for the statistics of batch normalization; in parts this small, a batch of 32 keeps two cores busy. */
export const partImages = 16;
/** What the values of a part may take: a quarter of the largest WebAssembly heap. */
const mostBytes = 2 ** 30;
/** Of each layer's values: what it gives, and the gradient of that. */
const copies = 2;

/**
 * How many images are computed at once, unless the configuration says: by the model and the engine, not by the machine,
 * as the resulting weights depend on it.
 */
export function partSizeFor(model: tfl.LayersModel, { name }: Pick<Engine, "name">): number {
  const values = model.layers.reduce((sum, { outputShape }) => sum + valuesOf(outputShape), 0);
  const affordable = Math.max(1, Math.floor(mostBytes / (4 * copies * values)));
  return name === "wasm" ? Math.min(partImages, affordable) : affordable;
}

function valuesOf(shape: unknown): number {
  if (!Array.isArray(shape)) return 0;
  return shape.slice(1).reduce((product: number, side: unknown) => product * Number(side), 1);
}

/** Cuts a batch into the fewest parts of at most `most` images, whose sizes differ by at most one. */
export function partsOf(indices: Int32Array, place: string, most: number): BatchPart[] {
  const count = Math.ceil(indices.length / most);
  const edge = (part: number): number => Math.floor((part * indices.length) / count);
  return Array.from({ length: count }, (_, part) => {
    const own = indices.subarray(edge(part), edge(part + 1));
    return { indices: own, place: `${place}/${part}`, share: own.length / indices.length };
  });
}

/** What the augmented images of a part ask of the model. */
export interface PartGradients extends Pick<BackwardPass, "length"> {
  /** @param row written */
  run(part: BatchPart, row: Float32Array): void;
}

/** Prepares the way from the places of images in a set to gradients. */
export function createPartGradients(
  { engine, model, train, inputSpec }: Pick<TrainingRequest, "engine" | "model" | "train" | "inputSpec">,
  { seed, augmentation, labelSmoothing }: TrainingConfig,
): PartGradients {
  const batches = createBatchMaker(train, inputSpec);
  const weights = classWeights(train.labels, train.classes);
  const backward = createBackwardPass(model, engine, { labelSmoothing, classWeights: weights });
  return {
    length: backward.length,
    run: ({ indices, place, share }, row) => {
      const batch = batches.augmented(indices, augmentation, stream(seed, `augment/${place}`));
      backward.run(batch, share, stream(seed, `dropout/${place}`), row);
    },
  };
}

/** Adds rows up in their order, into the first: the sum does not depend on which came first. */
export function addRows(rows: readonly Float32Array[]): void {
  const [sum, ...others] = rows;
  if (sum === undefined) return;
  for (const row of others) {
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] as number) + (row[i] as number);
  }
}
