import { AppError } from "../contract/errors.ts";
import type { UnknownRule } from "../contract/manifest.ts";
import { logSumExp } from "./softmax.ts";

/** What the rules for "none of these" look at, of one image. */
export interface Evidence {
  /** [C] */
  readonly logits: Float32Array;
  /** [C], 0..1, after the temperature. */
  readonly probabilities: Float32Array;
  readonly temperature: number;
  /** [size], needed by the rule `feature-distance`. */
  readonly embedding?: Float32Array;
}

/**
 * Whether the image shows none of the model's classes, by the rule of its manifest.
 * @param centres [C, size] class centres in the space of the embedding, needed by the rule `feature-distance`
 * @throws {AppError} internal when the rule's embedding or centres were not given
 */
export function isUnknown(rule: UnknownRule, evidence: Evidence, centres?: Float32Array): boolean {
  if (rule.rule === "none") return false;
  if (rule.rule === "max-probability") return Math.max(...evidence.probabilities) < rule.threshold;
  if (rule.rule === "energy") return -logSumExp(evidence.logits, evidence.temperature) > rule.threshold;
  return nearestSquaredDistance(evidence.embedding, centres) > rule.threshold;
}

function nearestSquaredDistance(embedding?: Float32Array, centres?: Float32Array): number {
  if (embedding === undefined || centres === undefined) {
    throw new AppError("internal", "the rule feature-distance needs the embedding and the class centres");
  }
  let nearest = Number.POSITIVE_INFINITY;
  for (let start = 0; start < centres.length; start += embedding.length) {
    let sum = 0;
    for (const [i, value] of embedding.entries()) sum += (value - (centres[start + i] as number)) ** 2;
    nearest = Math.min(nearest, sum);
  }
  return nearest;
}
