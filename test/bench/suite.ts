import type { Standing } from "./duel.ts";

/** One measured piece of work. */
export interface Result {
  /** First half of the keys of its ratios, e.g. `jpeg-12mp`. */
  readonly name: string;
  /** The work in words. */
  readonly workload: string;
  /** Ours first. */
  readonly standings: readonly Standing[];
}

/** One measured number that is no ratio of times. */
export interface Figure {
  /** Its key, e.g. `mobilenet_v2_1.0_224/heap`. */
  readonly name: string;
  readonly value: number;
  /** What it is of, in words, with its unit. */
  readonly meaning: string;
}

/** A group of duels; reports each as it ends. */
export type Suite = (context: {
  /** A temporary folder for files that contenders read. */
  readonly folder: string;
  readonly report: (result: Result) => void;
  readonly note: (figure: Figure) => void;
}) => Promise<void>;
