import * as tf from "@tensorflow/tfjs-core";
// oxlint-disable-next-line import/no-unassigned-import -- registers the backend that the others are compared with
import "@tensorflow/tfjs-backend-cpu";
// oxlint-disable-next-line import/no-unassigned-import -- registers the gradients
import "@tensorflow/tfjs-layers";

/** Makes the same tensors every time it is called. */
export type MakeInputs = () => tf.Tensor[];

/** A tensor of normal deviates. @param seed non-zero */
export function randomTensor(shape: number[], seed: number): tf.Tensor {
  return tf.randomNormal(shape, 0, 1, "float32", seed);
}

/** The outputs of `compute` on one backend, as plain values; frees all tensors. */
export async function valuesOn(
  backend: "cpu" | "wasm",
  makeInputs: MakeInputs,
  compute: (...inputs: tf.Tensor[]) => tf.Tensor[],
): Promise<{ shape: number[]; values: Float32Array }[]> {
  await tf.setBackend(backend);
  return tf.tidy(() =>
    // the result holds no tensors, so the type of tidy's container does not apply
    Object.values(
      compute(...makeInputs()).map((output) => ({
        shape: output.shape,
        values: Float32Array.from(output.dataSync()),
      })),
    ),
  );
}

/**
 * Computes the same on the cpu and the wasm backend.
 * @returns the largest difference of an output, relative to that output's largest value; Infinity for NaN
 */
export async function largestRelativeError(
  makeInputs: MakeInputs,
  compute: (...inputs: tf.Tensor[]) => tf.Tensor[],
): Promise<number> {
  const expected = await valuesOn("cpu", makeInputs, compute);
  const actual = await valuesOn("wasm", makeInputs, compute);
  let worst = 0;
  expected.forEach(({ shape, values }, index) => {
    const other = actual[index];
    if (other === undefined || other.shape.join() !== shape.join()) worst = Infinity;
    else worst = Math.max(worst, relativeError(values, other.values));
  });
  return worst;
}

function relativeError(expected: Float32Array, actual: Float32Array): number {
  let scale = 0;
  let difference = 0;
  expected.forEach((value, i) => {
    scale = Math.max(scale, Math.abs(value));
    const error = Math.abs(value - (actual[i] ?? NaN));
    difference = Number.isNaN(error) ? Infinity : Math.max(difference, error);
  });
  return difference / (scale === 0 ? 1 : scale);
}
