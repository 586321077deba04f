import { countedShare, evaluateOutputs, sparseConfusions } from "../evaluation/evaluate-outputs.ts";
import { type Evaluation, evaluationFile, type PrecisionRecord } from "../evaluation/evaluation-record.ts";
import type { Calibration } from "../evaluation/calibration.ts";
import type { UnknownCalibration } from "./calibrate-unknown.ts";
import type { FileBytes } from "./model-files.ts";
import type { FloatReference, TestSplit, Verification } from "./verify.ts";

/** A candidate that was measured, and what it takes. */
type StoredVerification = Verification & { readonly scheme: string; readonly weightBytes: number };

/** What a release measured. */
export interface MeasuredRelease {
  readonly labels: readonly string[];
  readonly calibration: Calibration;
  readonly unknown: UnknownCalibration;
  readonly test: TestSplit;
  readonly float: FloatReference;
  readonly candidates: readonly StoredVerification[];
  /** One of them. */
  readonly published: StoredVerification;
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
    floatConfusions: sparseConfusions(float.probabilities, actual, labels.length),
    precisions: [
      describeFloat(release),
      ...candidates.map((candidate): PrecisionRecord => ({
        scheme: candidate.scheme === "none" ? "float32" : candidate.scheme,
        weightBytes: candidate.weightBytes,
        top1: countedShare(Math.round(candidate.metrics.top1Accuracy * actual.length), actual.length),
        expectedCalibrationError: candidate.metrics.expectedCalibrationError,
        agreement: candidate.parity.top1Agreement,
        published: candidate === published,
      })),
    ],
  };
}

/** The evaluation as a file of the version. */
export function evaluationBytes(evaluation: Evaluation): FileBytes {
  return { path: evaluationFile, bytes: new TextEncoder().encode(`${JSON.stringify(evaluation)}\n`) };
}

function describeFloat({ float, test, floatBytes }: MeasuredRelease): PrecisionRecord {
  const images = test.images.labels.length;
  return {
    scheme: "trained net",
    weightBytes: floatBytes,
    top1: countedShare(Math.round(float.metrics.top1Accuracy * images), images),
    expectedCalibrationError: float.metrics.expectedCalibrationError,
    agreement: 1,
    published: false,
  };
}
