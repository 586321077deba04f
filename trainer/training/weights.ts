import { createHash } from "node:crypto";
import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";

/** The values of a model's weights, trainable ones and running statistics, in the model's order. */
export type WeightValues = readonly Float32Array[];

/** A variable of a model; those of tfjs's layers are such. */
export interface ModelWeight {
  readonly name: string;
  /** As it is known outside of tfjs, which adds numbers to names. */
  readonly originalName: string;
  readonly shape: readonly (number | null)[];
  read(): tf.Tensor;
  /** Keeps a copy. */
  write(value: tf.Tensor): unknown;
}

/** Whatever has weights: a LayersModel, or a part of a graph. */
export interface Weighted {
  /** In an order that never changes. */
  readonly weights: readonly ModelWeight[];
}

/** A weight with a variable of its own, on the backend that is active. */
export class OwnWeight implements ModelWeight {
  readonly name: string;
  readonly originalName: string;
  readonly shape: readonly number[];
  readonly #variable: tf.Variable;

  constructor(name: string, shape: readonly number[], values: Float32Array) {
    this.name = name;
    this.originalName = name;
    this.shape = shape;
    this.#variable = tf.tidy(() => tf.variable(tf.tensor(values, [...shape])));
  }

  read(): tf.Variable {
    return this.#variable;
  }

  write(value: tf.Tensor): void {
    this.#variable.assign(value);
  }

  dispose(): void {
    this.#variable.dispose();
  }
}

/** Copies the weights out of a model. */
export function readWeights(model: Weighted): WeightValues {
  return model.weights.map((weight) => floats(weight.read()));
}

/**
 * Sets the weights of a model.
 * @throws invalid_argument when the values are those of another model
 */
export function writeWeights(model: Weighted, values: WeightValues): void {
  if (values.length !== model.weights.length) {
    throw new AppError(
      "invalid_argument",
      `got ${values.length} weights for a model that has ${model.weights.length}; build the model as it was trained`,
    );
  }
  model.weights.forEach((weight, index) => {
    const value = values[index] ?? new Float32Array(0);
    if (value.length !== tf.util.sizeFromShape(weight.read().shape)) {
      throw new AppError(
        "invalid_argument",
        `weight ${weight.originalName} has the shape [${weight.shape.join(", ")}], got ${value.length} values`,
      );
    }
    assign(weight, tf.tensor(value, weight.read().shape));
  });
}

/** Hex SHA-256 of all weights, in order; equal hashes mean bit-equal models of one architecture. */
export function hashWeights(model: Weighted): string {
  const hash = createHash("sha256");
  for (const value of readWeights(model)) {
    hash.update(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  }
  return hash.digest("hex");
}

/** Sets one weight and disposes of `value`. A new tensor each time, as backends cache what they made of the old one. */
export function assign(weight: ModelWeight, value: tf.Tensor): void {
  weight.write(value);
  value.dispose();
}

/** The values of a float32 tensor. */
export function floats(tensor: tf.Tensor): Float32Array {
  const values = tensor.dataSync();
  if (values instanceof Float32Array) return values;
  throw new AppError("unsupported_model", `a weight holds ${tensor.dtype} values; training needs float32`);
}
