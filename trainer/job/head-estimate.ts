import type { DatasetManifest, Split } from "../../shared/contract/dataset.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import { fitMacs, type HeadShape, prepareMacs, waysToFit } from "../training/fit-cost.ts";
import { knownWithin } from "../training/known-classes.ts";
import { folds } from "../training/cross-validation.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import type { HeadPlan } from "./plan.ts";
import type { StageTimes } from "./stage-times.ts";

/** What a head is learnt from, and how fast this machine is at it. */
export interface HeadFacts {
  readonly dataset: Pick<DatasetManifest, "images" | "labels">;
  /** Milliseconds that looking at one image took as the dataset was indexed, measured. */
  readonly decodeMs: number;
  /** Milliseconds that the features of one image take, measured. */
  readonly imageMs: number;
  /** Multiply-accumulates a millisecond of fits, measured. */
  readonly fitSpeed: number;
}

/** Milliseconds that the parts of making a head take, about. */
export interface HeadEstimate {
  /** Until the features of the images are there. */
  readonly featuresMs: number;
  /** Fitting the head in one way alone, as is done where the time is short. */
  readonly leanFitMs: number;
  /** Choosing among all ways. */
  readonly wholeFitMs: number;
  /** From there to the promotion. */
  readonly releaseMs: number;
}

/** Numbers in the features, times classes, up to which a head is chosen by folds, and else by every tenth image. */
export const mostFolded = 5_000_000;
/** Images of a split that choosing the rule for unknown looks at. */
const mostLookedAt = 2000;
/** Golden vectors, files, the store. */
export const fixedMs = 3000;
/** Threads that decode. */
const startMs = 500;
/** Decoding at a net's size takes so much of what it took for the index. */
const decodeShare = 2;
/** Machines have other work. */
const caution = 1.25;

/** Milliseconds of every part of a head, from the features to the promotion. */
export function estimateHead(
  { denoise, ...plan }: HeadPlan,
  features: OpenBackbone["features"],
  facts: HeadFacts,
): HeadEstimate {
  const { dataset, decodeMs, imageMs, fitSpeed } = facts;
  const times = denoise === "auto" ? 2 : 1;
  const images = countOf(dataset, "train") + countOf(dataset, "validation");
  const decoded = images + countOf(dataset, "calibration");
  const views = plan.views + (plan.randomViews ?? 0);
  const shape = headShape(images * views, features, dataset.labels.length);
  const holdOuts = shape.rows * shape.size * shape.classes > mostFolded ? 1 : folds;
  const fits = waysToFit(shape.known !== null).map((way) => ({
    choosing: holdOuts * fitMacs(shape, way, (1 - 1 / folds) * shape.rows, true),
    last: fitMacs(shape, way, shape.rows, false),
  }));
  const [first] = fits;
  const prepared = prepareMacs(shape);
  const fitMs = (macs: number): number => (caution * times * (prepared + macs)) / fitSpeed;
  return {
    featuresMs: caution * times * (startMs + decodeShare * decodeMs * decoded + imageMs * images * views),
    leanFitMs: fitMs((first?.choosing ?? 0) + (first?.last ?? 0)),
    wholeFitMs: fitMs(
      fits.reduce((sum, { choosing }) => sum + choosing, 0) + Math.max(...fits.map(({ last }) => last)),
    ),
    releaseMs: estimateReleaseMs(facts),
  };
}

/** Milliseconds from a fitted head to its promotion. */
export function estimateReleaseMs({ dataset, decodeMs, imageMs }: Omit<HeadFacts, "fitSpeed">): number {
  const calibration = countOf(dataset, "calibration");
  const test = countOf(dataset, "test");
  // The rule for unknown looks at some again; the test images go through the float model once and through a candidate
  // or two twice each.
  const looked = Math.min(mostLookedAt, countOf(dataset, "train")) + Math.min(mostLookedAt, calibration);
  const inferred = 2 * calibration + looked + 4 * test;
  return caution * (3 * decodeShare * test * decodeMs + inferred * imageMs) + fixedMs;
}

/** What is known of a job's speed by the stages behind it. @param imageMs measured on one image */
export function measuredFacts(
  { manifest }: IndexedDataset,
  times: StageTimes,
  imageMs: number,
): Omit<HeadFacts, "fitSpeed"> {
  const speeds = new Map(
    times.speeds().map(({ stage, images, seconds }) => [stage, (1000 * seconds) / images]),
  );
  return {
    dataset: manifest,
    decodeMs: speeds.get("index") ?? 0,
    imageMs: Math.max(imageMs, speeds.get("features") ?? 0),
  };
}

/** What fitting a head on some rows of features depends on. @param rows images times views */
export function headShape(
  rows: number,
  { embedding, known }: OpenBackbone["features"],
  classes: number,
): HeadShape {
  return {
    rows,
    size: embedding.size,
    known: known === undefined ? null : knownWithin(known, rows),
    classes,
  };
}

/** Images of a split. */
export function countOf({ images }: Pick<DatasetManifest, "images">, split: Split): number {
  return images.filter((image) => image.split === split).length;
}
