import type { UnknownRule } from "../../shared/contract/manifest.ts";
import type { Classifier } from "../../shared/inference/classifier.ts";
import type { ImageSet } from "../data/image-set.ts";
import { inferOutputs } from "../evaluation/batch-inference.ts";
import { classCentres } from "../evaluation/class-centres.ts";
import { spreadRows } from "../evaluation/pixel-features.ts";
import {
  bestUnknownRule,
  compareUnknownRules,
  thresholdRule,
  type UnknownComparison,
} from "../evaluation/unknown-rules.ts";
import type { FileBytes } from "./model-files.ts";

/** The rule for `unknown` of a bundle, and why it is that. */
export interface UnknownCalibration {
  readonly rule: UnknownRule;
  /** What the rule refers to beside the manifest. */
  readonly files: readonly FileBytes[];
  /** `null` for a model without embeddings. */
  readonly comparison: UnknownComparison | null;
}

/** The file of the rule `feature-distance`. */
const centresFile = "class-centres.bin";

/** Training images that make the class centres, at least, and of each class; more of them hardly move a centre. */
const referenceImages = { least: 500, ofEachClass: 10 };
/** Calibration images that are looked at. */
const mostProbeImages = 500;

/**
 * Chooses the rule that tells classes left out best from the others, by the outputs of a loaded bundle.
 * @param reference training images
 * @param calibration sets the threshold: at most `unknownFraction` of it is called unknown
 */
export async function calibrateUnknown(
  classifier: Classifier,
  reference: ImageSet,
  calibration: ImageSet,
  temperature: number,
  unknownFraction: number,
): Promise<UnknownCalibration> {
  const classes = classifier.manifest.labels.length;
  const probeRows = spreadRows(calibration, mostProbeImages);
  const probe = inferOutputs(classifier, calibration, probeRows);
  const context = { classes, temperature, centres: new Float32Array(), file: centresFile };
  if (probe.embeddings === undefined) {
    const rule = thresholdRule("max-probability", probe, context, unknownFraction);
    return { rule, files: [], comparison: null };
  }
  const wanted = Math.max(referenceImages.least, referenceImages.ofEachClass * classes);
  const rows = spreadRows(reference, wanted);
  const { embeddings = new Float32Array() } = inferOutputs(classifier, reference, rows);
  const labels = Int32Array.from(rows, (row) => reference.labels[row] as number);
  const probeLabels = Int32Array.from(probeRows, (row) => calibration.labels[row] as number);
  const comparison = await compareUnknownRules(
    { embeddings, labels },
    { embeddings: probe.embeddings, labels: probeLabels },
    classes,
  );
  const centres = classCentres(embeddings, labels, classes);
  const rule = thresholdRule(bestUnknownRule(comparison), probe, { ...context, centres }, unknownFraction);
  const files =
    rule.rule === "feature-distance" ? [{ path: centresFile, bytes: new Uint8Array(centres.buffer) }] : [];
  return { rule, files, comparison };
}
