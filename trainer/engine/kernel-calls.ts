import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";

/** Runs a registered kernel on the current backend; differentiable where a gradient is registered. */
export function runKernel(
  name: string,
  inputs: tf.NamedTensorMap,
  attrs: tf.NamedAttrMap = {},
): readonly tf.Tensor[] {
  // the engine makes Tensors of what the kernel gives
  const result = tf.engine().runKernel<tf.Tensor | tf.Tensor[]>(name, inputs, attrs);
  return Array.isArray(result) ? result : [result];
}

/** The tensor at `index` of what tfjs saved or gave. @throws internal when there is none */
export function tensorAt(tensors: readonly tf.Tensor[], index: number): tf.Tensor {
  const tensor = tensors[index];
  if (tensor === undefined) {
    throw new AppError("internal", `tfjs passed ${tensors.length} tensors, number ${index} is needed`);
  }
  return tensor;
}
