import { AppError } from "../contract/errors.ts";
import type { ModelManifest } from "../contract/manifest.ts";
import type { GraphEngine } from "./loaded-graph.ts";
import { softmax } from "./softmax.ts";

/** What passed golden vectors show. */
export interface GoldenReport {
  /** Golden vectors that were run. */
  readonly vectors: number;
  /** Largest absolute difference of a logit from the published one. */
  readonly maxLogitDelta: number;
  /** Largest absolute difference of a probability, at temperature 1. */
  readonly maxProbabilityDelta: number;
  /** What the manifest allows. */
  readonly tolerance: number;
}

/** What a passed self-test found. */
export interface SelfTestReport extends GoldenReport {
  /** What computes the model from now on. */
  readonly engine: GraphEngine;
}

/**
 * Runs golden vectors, encoded images, through the whole path and compares the logits with the published ones.
 * @param run from an encoded image to its logits [C]
 * @param limit how many of the vectors
 * @throws {AppError} self_test_failed naming the vector, with the cause when it did not run at all
 */
export function runSelfTest(
  golden: ModelManifest["golden"],
  run: (bytes: Uint8Array) => Float32Array,
  limit: number = golden.vectors.length,
): GoldenReport {
  const vectors = golden.vectors.slice(0, limit);
  let maxLogitDelta = 0;
  let maxProbabilityDelta = 0;
  for (const vector of vectors) {
    const logits = runVector(vector, run);
    const published = Float32Array.from(vector.logits);
    const delta = largestDelta(logits, published);
    // written so that a difference that is not a number fails
    if (!(delta <= golden.tolerance)) {
      throw new AppError(
        "self_test_failed",
        `golden vector ${vector.name} differs by ${delta} in a logit, ${golden.tolerance} is allowed; ` +
          "this runtime does not compute what was evaluated",
        { details: { vector: vector.name, delta, tolerance: golden.tolerance } },
      );
    }
    maxLogitDelta = Math.max(maxLogitDelta, delta);
    maxProbabilityDelta = Math.max(
      maxProbabilityDelta,
      largestDelta(softmax(logits, 1), softmax(published, 1)),
    );
  }
  return { vectors: vectors.length, maxLogitDelta, maxProbabilityDelta, tolerance: golden.tolerance };
}

function runVector(
  vector: ModelManifest["golden"]["vectors"][number],
  run: (bytes: Uint8Array) => Float32Array,
): Float32Array {
  try {
    const binary = atob(vector.image);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < bytes.length; i++) bytes[i] = binary.charCodeAt(i);
    return run(bytes);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("self_test_failed", `golden vector ${vector.name} does not run: ${reason}`, { cause });
  }
}

function largestDelta(got: Float32Array, wanted: Float32Array): number {
  if (got.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    const delta = Math.abs((got[i] as number) - (wanted[i] as number));
    if (!(delta <= largest)) largest = delta;
  }
  return largest;
}
