import { fitMacs, type HeadShape, measureFitSpeed, type Way, waysToFit } from "./fit-cost.ts";
import {
  type EmbeddedImages,
  featureRows,
  fitRows,
  type FitRows,
  knownRows,
  narrowed,
  scoreRows,
} from "./fit-rows.ts";
import type { Validation } from "./validate.ts";

/** One way to hold images back: indices to learn from, and others to choose by. */
export interface HoldOut {
  readonly train: readonly number[];
  readonly validation: readonly number[];
}

/** Images ready to be fitted in any way. */
export interface FitSubject {
  readonly shape: HeadShape;
  readonly ways: readonly Way[];
  rowsOf(way: Way): FitRows;
}

/** A way, and how it did on images that were not learnt from. */
export interface TriedWay {
  readonly way: Way;
  readonly validation: Validation;
}

/** The way that did best. */
export interface ChosenWay extends TriedWay {
  /** Ways that were tried; fewer than there are where the time was short. */
  readonly tried: number;
}

/** Prepares images for many fits among themselves; see {@link narrowed}. */
export function openSubject(images: EmbeddedImages): FitSubject {
  const features = narrowed(featureRows(images));
  const known = knownRows(images);
  const directed = known && narrowed(known);
  return {
    shape: {
      rows: images.labels.length * images.views.length,
      size: images.size,
      known: images.known?.size ?? null,
      classes: images.classes,
    },
    ways: waysToFit(known !== undefined),
    rowsOf: ({ isDirected }) => (isDirected && directed !== undefined ? directed : features),
  };
}

/**
 * The way with the least loss on images that are held back, one part after the other. Where the time is short, later ways
 * and parts are left out, by how long those before took; without a limit nothing depends on the time.
 * @param leftMs that choosing and a last fit may take, asked again and again
 */
export function chooseWay(
  subject: FitSubject,
  holdOuts: readonly HoldOut[],
  lastFit: (way: Way) => number,
  leftMs: () => number = () => Infinity,
): ChosenWay {
  const { shape, ways } = subject;
  const pace = startPace(leftMs);
  const views = subject.rowsOf({ l2: 0, isDirected: false }).views.length;
  const macsOf = (way: Way, { train }: HoldOut): number => fitMacs(shape, way, train.length * views, true);
  const tried: TriedWay[] = [];
  for (const way of ways) {
    const whole = holdOuts.reduce((sum, holdOut) => sum + macsOf(way, holdOut), 0);
    if (tried.length > 0 && !pace.allows(whole + lastFit(way))) continue;
    const scores = [];
    for (const holdOut of holdOuts) {
      // One part at least is needed to say how well the first way does.
      if (scores.length + tried.length > 0 && !pace.allows(macsOf(way, holdOut) + lastFit(way))) break;
      const isOver = (): boolean => !pace.allows(lastFit(way));
      scores.push(scoreWay(subject, way, holdOut, isOver));
      pace.add(macsOf(way, holdOut));
    }
    if (tried.length === 0 || scores.length === holdOuts.length) {
      tried.push({ way, validation: meanScore(scores) });
    }
  }
  return { ...leastLoss(tried), tried: tried.length };
}

function scoreWay(
  subject: FitSubject,
  way: Way,
  { train, validation }: HoldOut,
  isOver: () => boolean,
): Validation & { readonly weight: number } {
  const rows = subject.rowsOf(way);
  const classifier = fitRows(rows, train, way.l2, isOver);
  return { weight: validation.length, ...scoreRows(rows, classifier, validation) };
}

/** The first of the ways with the least loss. @param tried at least one */
export function leastLoss(tried: readonly TriedWay[]): TriedWay {
  return tried.reduce((best, next) => (next.validation.loss < best.validation.loss ? next : best));
}

/** The mean over images. @param scores with the number of images that each is of */
export function meanScore(scores: readonly (Validation & { readonly weight: number })[]): Validation {
  const total = scores.reduce((sum, { weight }) => sum + weight, 0);
  const mean = (of: (score: Validation) => number): number =>
    scores.reduce((sum, score) => sum + of(score) * score.weight, 0) / total;
  return { top1Accuracy: mean((score) => score.top1Accuracy), loss: mean((score) => score.loss) };
}

interface Pace {
  /** Says that so many multiply-accumulates are done. */
  add(macs: number): void;
  /** Whether so many more fit into what is left, at the speed of those that are done. */
  allows(macs: number): boolean;
}

/** Machines have other work, and fits end sooner or later than thought. */
const caution = 1.25;

function startPace(leftMs: () => number): Pace {
  if (leftMs() === Infinity) return { add: () => undefined, allows: () => true };
  const speed = measureFitSpeed(() => -leftMs());
  const atStart = leftMs();
  let done = 0;
  return {
    add: (macs) => {
      done += macs;
    },
    allows: (macs) => {
      const left = leftMs();
      const msPerMac = done === 0 ? 1 / speed : (atStart - left) / done;
      return caution * macs * msPerMac < left;
    },
  };
}
