import type { UnknownRule } from "../../shared/contract/manifest.ts";
import { energyOf, featureDistance } from "../../shared/inference/unknown.ts";
import { softmax } from "../../shared/inference/softmax.ts";
import { classCentres } from "./class-centres.ts";
import { fitLinearHead, headLogits } from "./linear-head.ts";
import { rankScores } from "./ranking.ts";
import { fitTemperature } from "./temperature.ts";

/** The rules that an image can be called unknown by. */
export const unknownRules = ["max-probability", "energy", "feature-distance"] as const;

/** A rule that an image can be called unknown by. */
export type UnknownRuleName = (typeof unknownRules)[number];

/** Embeddings of labelled images. */
export interface EmbeddedImages {
  /** [N, size] row-major */
  readonly embeddings: Float32Array;
  /** [N] class indices */
  readonly labels: Int32Array;
}

/** How well each rule tells the images of a class that was left out from the others. */
export interface UnknownComparison {
  /** Mean area under the ROC curve over the classes left out; `null` where a rule could not be measured. */
  readonly auroc: Readonly<Record<UnknownRuleName, number | null>>;
  /** Indices of the classes that were left out, one at a time. */
  readonly heldOut: readonly number[];
}

/** Left out in turn, at most; each takes a fit of a second. */
const mostHeldOut = 10;

/**
 * Compares the rules by leaving out one class at a time: its images must look stranger than those of the others.
 *
 * A linear head is fitted to the embeddings without the class, since the model's own logits have learnt to be low on
 * it, which would flatter the energy. The embeddings themselves may have seen the class: exact for a frozen backbone,
 * favourable to every rule for a net trained from nothing. With two classes a head would have a single class left, so
 * only the distance is measured.
 * @param reference of the train split; heads and centres are made of them
 * @param probe of images that trained nothing
 */
export async function compareUnknownRules(
  reference: EmbeddedImages,
  probe: EmbeddedImages,
  classes: number,
): Promise<UnknownComparison> {
  const measured = new Map<UnknownRuleName, number[]>(unknownRules.map((rule) => [rule, []]));
  const heldOut = spread(classesOf(reference, probe, classes), mostHeldOut);
  for (const left of heldOut) {
    const scores = await scoreWithout(left, reference, probe, classes);
    const isStrange = probe.labels.map((label) => Number(label === left));
    for (const [rule, values] of scores) {
      const ranking = rankScores(values, isStrange);
      if (ranking !== null) measured.get(rule)?.push(ranking.auroc);
    }
  }
  const mean = (rule: UnknownRuleName): number | null => {
    const values = measured.get(rule) ?? [];
    return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0) / values.length;
  };
  return {
    auroc: {
      "max-probability": mean("max-probability"),
      energy: mean("energy"),
      "feature-distance": mean("feature-distance"),
    },
    heldOut,
  };
}

/** The rule with the largest area; the simpler of equals, `max-probability` when none was measured. */
export function bestUnknownRule({ auroc }: Pick<UnknownComparison, "auroc">): UnknownRuleName {
  let best: UnknownRuleName = "max-probability";
  for (const rule of unknownRules) if ((auroc[rule] ?? 0) > (auroc[best] ?? 0)) best = rule;
  return best;
}

/** What a rule is decided by, of images of known classes. */
export interface FamiliarImages {
  /** [N, C] row-major */
  readonly logits: Float32Array;
  /** [N, size]; absent when the model gives none. */
  readonly embeddings?: Float32Array | undefined;
}

/** Below this many images no threshold can promise anything. */
const leastImages = 20;

/**
 * The rule with the threshold that calls at most `unknownFraction` of familiar images unknown. With fewer images than
 * that fraction can be counted in, none of them is.
 * @param centres [C, size], for `feature-distance`
 * @param file that holds the centres
 * @returns rule `none` for fewer than 20 images
 */
export function thresholdRule(
  name: UnknownRuleName,
  { logits, embeddings }: FamiliarImages,
  { classes, temperature, centres, file }: RuleContext,
  unknownFraction: number,
): UnknownRule {
  const images = logits.length / classes;
  if (images < leastImages) return { rule: "none" };
  const size = embeddings === undefined ? 0 : embeddings.length / images;
  const scores = Float64Array.from({ length: images }, (_, i) => {
    const row = logits.subarray(i * classes, (i + 1) * classes);
    if (name === "energy") return energyOf(row, temperature);
    if (name === "max-probability") return -Math.max(...softmax(row, temperature));
    return featureDistance(embeddings?.subarray(i * size, (i + 1) * size) ?? new Float32Array(), centres);
  }).toSorted();
  const threshold = scores[images - 1 - Math.floor(images * unknownFraction)] ?? 0;
  if (name === "max-probability") return { rule: name, threshold: -threshold };
  return name === "energy" ? { rule: name, threshold } : { rule: name, threshold, file };
}

/** What a rule refers to beside the image. */
export interface RuleContext {
  readonly classes: number;
  readonly temperature: number;
  /** [C, size] */
  readonly centres: Float32Array;
  readonly file: string;
}

/** Strangeness of every probe image by each rule that can be measured without the class `left`. */
async function scoreWithout(
  left: number,
  reference: EmbeddedImages,
  probe: EmbeddedImages,
  classes: number,
): Promise<Map<UnknownRuleName, Float64Array>> {
  const size = probe.embeddings.length / probe.labels.length;
  const rest = without(reference, left);
  const centres = classCentres(rest.embeddings, rest.labels, classes - 1);
  const scores = new Map<UnknownRuleName, Float64Array>();
  scores.set(
    "feature-distance",
    Float64Array.from(probe.labels, (_, i) =>
      featureDistance(probe.embeddings.subarray(i * size, (i + 1) * size), centres),
    ),
  );
  if (classes < 3) return scores;
  const head = await fitLinearHead(rest.embeddings, rest.labels, classes - 1);
  const logits = await headLogits(head, probe.embeddings);
  const rows = Array.from(probe.labels, (_, i) =>
    logits.subarray(i * (classes - 1), (i + 1) * (classes - 1)),
  );
  const temperature = fitTemperature(
    Float32Array.from(rows.filter((_, i) => probe.labels[i] !== left).flatMap((row) => [...row])),
    withoutLabel(probe.labels, left),
    classes - 1,
  );
  scores.set(
    "max-probability",
    Float64Array.from(rows, (row) => -Math.max(...softmax(row, temperature))),
  );
  scores.set(
    "energy",
    Float64Array.from(rows, (row) => energyOf(row, temperature)),
  );
  return scores;
}

/** The images of all classes but one, whose index closes up. */
function without({ embeddings, labels }: EmbeddedImages, left: number): EmbeddedImages {
  const size = embeddings.length / labels.length;
  const kept = Array.from(labels.keys()).filter((i) => labels[i] !== left);
  const rows = new Float32Array(kept.length * size);
  for (const [at, i] of kept.entries()) rows.set(embeddings.subarray(i * size, (i + 1) * size), at * size);
  return { embeddings: rows, labels: withoutLabel(labels, left) };
}

function withoutLabel(labels: Int32Array, left: number): Int32Array {
  return labels.filter((label) => label !== left).map((label) => (label < left ? label : label - 1));
}

/** Classes with images on both sides. */
function classesOf(reference: EmbeddedImages, probe: EmbeddedImages, classes: number): number[] {
  return Array.from({ length: classes }, (_, c) => c).filter(
    (c) => reference.labels.includes(c) && probe.labels.includes(c),
  );
}

function spread(items: readonly number[], most: number): number[] {
  if (items.length <= most) return [...items];
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)] ?? 0);
}
