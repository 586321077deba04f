import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import type { RankedCut } from "../evaluation/ranking.ts";
import type { Robustness } from "../evaluation/robustness.ts";
import type { Slice } from "../evaluation/slices.ts";
import type { PrecisionComparison } from "../release/compare-precisions.ts";
import type { EpochMetrics } from "../training/training-request.ts";
import type { Answer } from "./choose-images.ts";

/** Everything that a report tells. */
export interface ReportFacts {
  readonly manifest: ModelManifest;
  /** Of the whole test split, from the version's own file. */
  readonly evaluation: Evaluation;
  /** The ways of storing the weights with their times; `null` where only the release measured them. */
  readonly comparison: PrecisionComparison | null;
  readonly dataset: DatasetManifest;
  /** An epoch each; empty for a net that was not trained by epochs. */
  readonly epochs: readonly EpochMetrics[];
  /** Of the run; `null` where training anew several times took too long. */
  readonly crossValidation: CrossValidation | null;
  /** To every test image. */
  readonly answers: readonly Answer[];
  /** Those that are shown. */
  readonly items: readonly ReportItem[];
  /** How many are shown at most. */
  readonly mostItems: { readonly aCell: number; readonly all: number };
  /** Pictures as data URIs. */
  readonly pictures: readonly string[];
  /** Images whose class got the least probability, the least first. */
  readonly topLosses: readonly TopLoss[];
  /** Groups of images that are one picture. */
  readonly duplicates: readonly DuplicatePictures[];
  readonly curves: readonly ClassCurve[];
  readonly slices: readonly Slice[];
  readonly robustness: Robustness | null;
  /** Milliseconds an image, decoded and classified on this machine. */
  readonly latencyMs: number;
  /** Bytes of the model's files. */
  readonly bundleBytes: number;
}

/** An answer that is shown. */
export interface ReportItem extends Answer {
  /** Number of its picture. */
  readonly picture: number;
}

/** An image that the bundle finds hard, as it saw it. */
export interface TopLoss {
  readonly answer: Answer;
  /** What the model saw, as a data URI. */
  readonly seen: string;
  /** The same with the evidence for the predicted class laid over it; `null` for a model that has no such map. */
  readonly overlay: string | null;
}

/** Images that are one picture. */
export interface DuplicatePictures {
  readonly images: readonly {
    readonly path: string;
    readonly label: string;
    readonly split: string;
    /** Number of it. */
    readonly picture: number | null;
  }[];
}

/** One class against the rest. */
export interface ClassCurve {
  readonly label: string;
  readonly cuts: readonly RankedCut[];
}
