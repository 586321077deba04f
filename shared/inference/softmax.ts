import { AppError } from "../contract/errors.ts";

/**
 * Softmax of `logits / temperature`, summed in float64 after the largest was subtracted.
 * @param logits [C], any finite numbers
 * @param temperature > 0, dimensionless; 1 leaves the logits as they are
 * @returns [C] in 0..1, sums to 1 within 1e-6
 * @throws {AppError} invalid_argument when there is no logit, one is not finite, or the temperature is not positive
 */
export function softmax(logits: Float32Array, temperature: number): Float32Array {
  if (!(temperature > 0)) {
    throw new AppError("invalid_argument", `temperature is ${temperature}, it must be a positive number`);
  }
  const largest = largestOf(logits);
  const exponentials = Float64Array.from(logits, (logit) => Math.exp((logit - largest) / temperature));
  let sum = 0;
  for (const value of exponentials) sum += value;
  return Float32Array.from(exponentials, (value) => value / sum);
}

/**
 * `T log(sum(exp(logits / T)))`, the smooth maximum of the logits.
 * @param logits [C], any finite numbers  @param temperature > 0
 * @throws {AppError} invalid_argument when there is no logit or one is not finite
 */
export function logSumExp(logits: Float32Array, temperature: number): number {
  const largest = largestOf(logits);
  let sum = 0;
  for (const logit of logits) sum += Math.exp((logit - largest) / temperature);
  return largest + temperature * Math.log(sum);
}

function largestOf(logits: Float32Array): number {
  let largest = Number.NEGATIVE_INFINITY;
  for (const logit of logits) {
    if (!Number.isFinite(logit)) {
      throw new AppError("invalid_argument", `a logit is ${logit}, all must be finite; the model is broken`);
    }
    if (logit > largest) largest = logit;
  }
  if (logits.length === 0)
    throw new AppError("invalid_argument", "there are no logits, one a class is needed");
  return largest;
}
