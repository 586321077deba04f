import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import type { RankedCut } from "../evaluation/ranking.ts";
import type { Robustness } from "../evaluation/robustness.ts";
import type { Slice } from "../evaluation/slices.ts";
import type { PrecisionComparison } from "../release/compare-precisions.ts";
import type { EpochMetrics } from "../training/training-request.ts";

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
  /** Test images that were looked at again for pictures and curves, an even part of a large split. */
  readonly items: readonly ReportItem[];
  /** Pictures of items as data URIs. */
  readonly pictures: readonly string[];
  /** The surest mistakes and the least sure right answers, the worst first. */
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

/** A test image and what the bundle answered. */
export interface ReportItem {
  readonly path: string;
  /** Class index. */
  readonly actual: number;
  /** Class index. */
  readonly predicted: number;
  /** Of the predicted class. */
  readonly probability: number;
  /** Of the actual class. */
  readonly actualProbability: number;
  /** Position among the pictures, -1 for none. */
  readonly picture: number;
}

/** An image that the bundle finds hard, as it saw it. */
export interface TopLoss {
  readonly item: ReportItem;
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
    readonly picture: string | null;
  }[];
}

/** One class against the rest. */
export interface ClassCurve {
  readonly label: string;
  readonly cuts: readonly RankedCut[];
}
