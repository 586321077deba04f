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
  const exponentials = new Float64Array(logits.length);
  let sum = 0;
  // by index: iterators take ten times as long in a fresh isolate, whose first request waits for this
  for (let i = 0; i < logits.length; i++) {
    const value = Math.exp(((logits[i] as number) - largest) / temperature);
    exponentials[i] = value;
    sum += value;
  }
  const probabilities = new Float32Array(logits.length);
  for (let i = 0; i < logits.length; i++) probabilities[i] = (exponentials[i] as number) / sum;
  return probabilities;
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
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i] as number;
    if (!Number.isFinite(logit)) {
      throw new AppError("invalid_argument", `a logit is ${logit}, all must be finite; the model is broken`);
    }
    if (logit > largest) largest = logit;
  }
  if (logits.length === 0)
    throw new AppError("invalid_argument", "there are no logits, one a class is needed");
  return largest;
}
