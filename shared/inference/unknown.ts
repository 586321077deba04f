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
 * @param centres [C, size] class centres of length 1, needed by the rule `feature-distance`
 * @throws {AppError} internal when the rule's embedding or centres were not given
 */
export function isUnknown(rule: UnknownRule, evidence: Evidence, centres?: Float32Array): boolean {
  if (rule.rule === "none") return false;
  if (rule.rule === "max-probability") return Math.max(...evidence.probabilities) < rule.threshold;
  if (rule.rule === "energy") return energyOf(evidence.logits, evidence.temperature) > rule.threshold;
  if (evidence.embedding === undefined || centres === undefined) {
    throw new AppError("internal", "the rule feature-distance needs the embedding and the class centres");
  }
  return featureDistance(evidence.embedding, centres) > rule.threshold;
}

/** `-T logsumexp(logits / T)`, larger for stranger images (W. Liu et al. 2020, arXiv 2010.03759). */
export function energyOf(logits: Float32Array, temperature: number): number {
  return -logSumExp(logits, temperature);
}

/**
 * Squared distance of an embedding, scaled to length 1, to the nearest class centre: `2 - 2 cos` of their angle.
 * @param embedding [size]
 * @param centres [C, size], each of length 1
 * @returns 0..4; 2, a right angle, for an embedding of zeros
 */
export function featureDistance(embedding: Float32Array, centres: Float32Array): number {
  let length = 0;
  for (const value of embedding) length += value * value;
  const scale = length === 0 ? 0 : 1 / Math.sqrt(length);
  let nearest = Number.POSITIVE_INFINITY;
  for (let start = 0; start < centres.length; start += embedding.length) {
    let cosine = 0;
    for (const [i, value] of embedding.entries()) cosine += value * scale * (centres[start + i] as number);
    nearest = Math.min(nearest, 2 - 2 * cosine);
  }
  return nearest;
}
