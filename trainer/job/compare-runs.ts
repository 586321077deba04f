import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { describeRunPlan, type RecordedRun } from "./list-runs.ts";

/** A run with the evaluation of what it published. */
export interface ComparedRun {
  readonly run: RecordedRun;
  readonly evaluation: Evaluation | null;
}

/** One line of a comparison; `null` where a run has no such value. */
export interface ComparedValue {
  readonly name: string;
  readonly one: string | number | null;
  readonly other: string | number | null;
}

/** Two runs side by side: their settings that differ, and what came of them. */
export interface RunComparison {
  readonly settings: readonly ComparedValue[];
  readonly results: readonly ComparedValue[];
  /** Whether both were trained on the same images in the same splits: else their accuracies are not comparable. */
  readonly sameImages: boolean;
  /** Whether the 95 % intervals of top-1 lie apart; `null` when one was not evaluated. */
  readonly isClear: boolean | null;
}

/** Sets two runs side by side. */
export function compareRuns(one: ComparedRun, other: ComparedRun): RunComparison {
  const [settingsOne, settingsOther] = [one, other].map(({ run }) => flatten(run.config ?? {}));
  const names = new Set([...(settingsOne?.keys() ?? []), ...(settingsOther?.keys() ?? [])]);
  const settings = [...names]
    .map((name) => ({
      name,
      one: settingsOne?.get(name) ?? null,
      other: settingsOther?.get(name) ?? null,
    }))
    .filter((value) => value.one !== value.other && value.name !== "why");
  const [resultsOne, resultsOther] = [resultsOf(one), resultsOf(other)];
  const results = [...new Set([...resultsOne.keys(), ...resultsOther.keys()])].map((name) => ({
    name,
    one: resultsOne.get(name) ?? null,
    other: resultsOther.get(name) ?? null,
  }));
  const intervals = [one.evaluation?.top1, other.evaluation?.top1];
  const [a, b] = intervals;
  return {
    settings,
    results,
    sameImages: one.run.config?.["dataset"] === other.run.config?.["dataset"],
    isClear: a === undefined || b === undefined ? null : a.low > b.high || b.low > a.high,
  };
}

function resultsOf({ run, evaluation }: ComparedRun): Map<string, string | number> {
  const best = run.epochs.findLast((epoch) => epoch.best);
  const results = new Map<string, string | number>([["plan", describeRunPlan(run)]]);
  if (run.epochs.length > 0) results.set("epochs", run.epochs.length);
  if (best !== undefined) results.set("best validation top-1", best.validationTop1Accuracy);
  if (run.manifest !== null) {
    results.set("version", run.manifest.version);
    results.set("weights", run.manifest.quantization.scheme);
    results.set("weight bytes", weightBytes(run));
  }
  if (run.crossValidation !== null) {
    const { folds, images, top1Accuracy, interval } = run.crossValidation;
    results.set("cross-validated images", images);
    results.set(`${folds}-fold top-1`, top1Accuracy);
    results.set(`${folds}-fold top-1, 95 % low`, interval.low);
    results.set(`${folds}-fold top-1, 95 % high`, interval.high);
  }
  if (evaluation === null) return results;
  results.set("test images", evaluation.images);
  results.set("top-1", evaluation.top1.share);
  results.set("top-1, 95 % low", evaluation.top1.low);
  results.set("top-1, 95 % high", evaluation.top1.high);
  results.set("macro F1", evaluation.macro.f1);
  results.set("expected calibration error", evaluation.expectedCalibrationError);
  results.set("negative log-likelihood", evaluation.negativeLogLikelihood);
  for (const { label, recall } of evaluation.perClass) results.set(`recall of ${label}`, recall);
  return results;
}

/** Bytes of the weights that a run published. */
export function weightBytes({ manifest }: RecordedRun): number {
  return (manifest?.files ?? [])
    .filter(({ path }) => path.startsWith("group1-"))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}

/** Values of nested settings by their dotted names. */
function flatten(value: unknown, prefix = ""): Map<string, string> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return new Map([[prefix, typeof value === "string" ? value : JSON.stringify(value)]]);
  }
  return new Map(
    Object.entries(value).flatMap(([name, inner]) => [
      ...flatten(inner, prefix === "" ? name : `${prefix}.${name}`),
    ]),
  );
}
