import type { Metrics } from "../../shared/contract/manifest.ts";
import { countedShare, evaluateOutputs, sparseConfusions } from "../evaluation/evaluate-outputs.ts";
import {
  type Evaluation,
  evaluationFile,
  labelTarget,
  type PrecisionRecord,
} from "../evaluation/evaluation-record.ts";
import type { Calibration } from "../evaluation/calibration.ts";
import type { UnknownCalibration } from "./calibrate-unknown.ts";
import type { FileBytes } from "./model-files.ts";
import type { FloatReference, TestSplit, Verification } from "./verify.ts";

/** A candidate that was measured. */
export interface MeasuredCandidate extends Verification {
  readonly scheme: string;
  /** Bytes of the weights as stored. */
  readonly weightBytes: number;
}

/** What a release measured. */
export interface MeasuredRelease {
  readonly labels: readonly string[];
  readonly calibration: Calibration;
  readonly unknown: UnknownCalibration;
  readonly test: TestSplit;
  readonly float: FloatReference;
  readonly candidates: readonly MeasuredCandidate[];
  /** One of them. */
  readonly published: MeasuredCandidate;
  /** Bytes of the weights in float32. */
  readonly floatBytes: number;
}

/** The evaluation of the bundle that is published, with the float model and the other candidates beside it. */
export function describeRelease(release: MeasuredRelease): Evaluation {
  const { labels, calibration, unknown, test, float, candidates, published } = release;
  const actual = test.images.labels;
  const { probabilities, unknown: refused } = published;
  return {
    ...evaluateOutputs({ probabilities, actual, labels, ...calibration }),
    unknown: {
      rule: unknown.rule.rule,
      refused: refused.filter(Boolean).length / Math.max(1, actual.length),
      auroc: unknown.comparison?.auroc ?? null,
      heldOut: (unknown.comparison?.heldOut ?? []).map((c) => labels[c] ?? ""),
    },
    ...(calibration.target === undefined ? {} : { precisionTarget: labelTarget(calibration.target, labels) }),
    floatConfusions: sparseConfusions(float.probabilities, actual, labels.length),
    precisions: [
      describeFloat(release),
      ...candidates.map((candidate) => ({
        ...describePrecision({ ...candidate, agreement: candidate.parity.top1Agreement }),
        published: candidate === published,
      })),
    ],
  };
}

/** The evaluation as a file of the version. */
export function evaluationBytes(evaluation: Evaluation): FileBytes {
  return { path: evaluationFile, bytes: new TextEncoder().encode(`${JSON.stringify(evaluation)}\n`) };
}

function describeFloat({ float, floatBytes }: MeasuredRelease): PrecisionRecord {
  const { metrics } = float;
  return describePrecision({ scheme: "trained net", weightBytes: floatBytes, metrics, agreement: 1 });
}

/** How the weights are stored, in words. */
export function schemeName(scheme: string): string {
  return scheme.replace("none", "float32");
}

/** The row of one way of storing the weights, which was not published. */
export function describePrecision({
  scheme,
  weightBytes,
  metrics,
  agreement,
}: {
  readonly scheme: string;
  readonly weightBytes: number;
  readonly metrics: Metrics;
  /** Share of the images whose top class is that of the trained net. */
  readonly agreement: number;
}): PrecisionRecord {
  const { images, top1Accuracy, expectedCalibrationError } = metrics;
  const top1 = countedShare(Math.round(top1Accuracy * images), images);
  return {
    scheme: schemeName(scheme),
    weightBytes,
    top1,
    expectedCalibrationError,
    agreement,
    published: false,
  };
}
