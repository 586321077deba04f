import type { CountedShare, Evaluation, PrecisionTargetRecord, UnknownRecord } from "./evaluation-record.ts";
import type { Robustness } from "./robustness.ts";
import type { Slice } from "./slices.ts";
import { percent, table } from "../terminal/table.ts";

/** An evaluation as lines for people. */
export function describeEvaluation(evaluation: Evaluation): string[] {
  const { top1, topK, macro, perClass } = evaluation;
  const rows = perClass.map((entry) => [
    entry.label,
    String(entry.images),
    entry.precision.toFixed(3),
    `${entry.recall.toFixed(3)} (${entry.recallLow.toFixed(2)}-${entry.recallHigh.toFixed(2)})`,
    entry.f1.toFixed(3),
    areaText(entry.auroc),
    areaText(entry.averagePrecision),
    entry.threshold.toFixed(2),
    `${entry.recognized}/${entry.answers}`,
  ]);
  const heading = [
    "class",
    "images",
    "precision",
    "recall (95 %)",
    "F1",
    "AUROC",
    "AP",
    "threshold",
    "reach it",
  ];
  return [
    `top-1 ${shareText(top1)}${topK.map((entry) => `, top-${entry.k} ${percent(entry.share)}`).join("")}`,
    `macro: precision ${macro.precision.toFixed(3)}, recall ${macro.recall.toFixed(3)}, F1 ${macro.f1.toFixed(3)}, ` +
      `AUROC ${areaText(macro.auroc)}, AP ${areaText(macro.averagePrecision)}`,
    `calibration: ECE ${evaluation.expectedCalibrationError.toFixed(3)}, ` +
      `NLL ${evaluation.negativeLogLikelihood.toFixed(3)}, Brier ${evaluation.brierScore.toFixed(3)}`,
    ...coverageLines(evaluation),
    ...(evaluation.unknown === undefined ? [] : [describeUnknown(evaluation.unknown)]),
    ...(evaluation.precisionTarget === undefined ? [] : [describeTarget(evaluation.precisionTarget)]),
    ...table([heading, ...rows]).map((line) => `  ${line}`),
  ];
}

/** One line on the rule for unknown. */
export function describeUnknown({ rule, refused, auroc, heldOut }: UnknownRecord): string {
  const areas =
    auroc === null
      ? ""
      : `; AUROC on ${heldOut.length} classes left out in turn: max-probability ${areaText(auroc["max-probability"])}, ` +
        `energy ${areaText(auroc.energy)}, feature-distance ${areaText(auroc["feature-distance"])}`;
  return `unknown: rule ${rule}, calls ${percent(refused)} of these images unknown${areas}`;
}

/** Classes that a line names. */
const mostNamed = 10;

/** One line on what the thresholds aim at, and which classes fall short of it. */
export function describeTarget({ precision, missed }: PrecisionTargetRecord): string {
  const named = missed
    .slice(0, mostNamed)
    .map(({ label, answers, right }) => `${label} (${right} of ${answers} right)`);
  const others = missed.length > named.length ? ` and ${missed.length - named.length} more` : "";
  const reached =
    missed.length === 0 ? "every class reaches that" : `these fall short: ${named.join(", ")}${others}`;
  return `thresholds: of the answers that reach them ${percent(precision)} should be right; on the calibration images ${reached}`;
}

/** Slices and robustness as lines for people. */
export function describeConditions(slices: readonly Slice[], robustness: Robustness | null): string[] {
  const sliceRows = slices.map((slice) => [
    slice.by,
    slice.name,
    String(slice.images),
    shareText(slice),
    slice.isSmall ? "too few to tell" : "",
  ]);
  const sweepRows = (robustness?.sweeps ?? []).map(({ name, unit, points }) => [
    `${name} (${unit})`,
    points.map(({ level, share }) => `${level}: ${percent(share)}`).join("  "),
  ]);
  return [
    ...(sliceRows.length === 0 ? [] : ["slices, top-1 with 95 % interval:"]),
    ...table(sliceRows).map((line) => `  ${line}`),
    ...(robustness === null
      ? []
      : [
          `robustness, top-1 on ${robustness.clean.images} images (unspoilt ${percent(robustness.clean.share)}):`,
        ]),
    ...table(sweepRows).map((line) => `  ${line}`),
  ];
}

/** A share with its interval, e.g. `97.5 % (95.1-98.9 %)`. */
export function shareText({ share, low, high }: Pick<CountedShare, "share" | "low" | "high">): string {
  return `${percent(share)} (${(100 * low).toFixed(1)}-${(100 * high).toFixed(1)} %)`;
}

function coverageLines({ coverage }: Evaluation): string[] {
  const shown = [0.5, 0.8, 0.9].flatMap((share) => {
    const point = coverage.findLast((entry) => entry.coverage <= share);
    return point === undefined ? [] : [`${percent(point.accuracy)} at ${percent(point.coverage)}`];
  });
  return shown.length === 0 ? [] : [`accuracy by coverage: ${shown.join(", ")}`];
}

function areaText(area: number | null): string {
  return area === null ? "-" : area.toFixed(3);
}
