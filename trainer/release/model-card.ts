import type { Metrics, ModelManifest, ReleaseMetrics } from "../../shared/contract/manifest.ts";
import type { PrecisionTarget } from "../evaluation/calibration.ts";
import { describeTarget } from "../evaluation/describe-evaluation.ts";
import { labelTarget } from "../evaluation/evaluation-record.ts";

/** All that the card tells; the manifest without what hangs on the card itself. */
export type CardFacts = Omit<ModelManifest, "files" | "golden" | "schemaVersion">;

/**
 * The text of card.md: what a version is, what it was measured to do, and where it comes from.
 * @param target what its thresholds aim at, where they aim at something
 */
export function writeModelCard(facts: CardFacts, target?: PrecisionTarget): string {
  const sections = [
    `# ${facts.model} ${facts.version}`,
    intendedUse(facts),
    ...(facts.metrics === null
      ? [notMeasured]
      : [measured(facts.metrics), perClass(facts.metrics.bundle, facts.thresholds)]),
    answers(facts, target),
    origin(facts),
  ];
  return `${sections.join("\n\n")}\n`;
}

const notMeasured =
  "## Not measured\n\nThe model was trained elsewhere and not evaluated here: nothing is known of how often it is " +
  "right. Have `edgewise evaluate` tell, on labelled images like those it will see.";

function intendedUse(facts: CardFacts): string {
  return [
    facts.intendedUse,
    "",
    `Licence: ${facts.licence}. It tells ${facts.labels.length} classes apart: ${facts.labels.map(escape).join(", ")}.`,
    "",
    "## Limits",
    "",
    "It answers with one of its classes whatever the image shows. What it was measured to do holds for images like " +
      "those of its dataset; other cameras, places or seasons need their own evaluation. Do not use it alone for " +
      "decisions about people.",
  ].join("\n");
}

function measured({ float, bundle, parity }: ReleaseMetrics): string {
  const row = (name: string, of: (metrics: Metrics) => string): string =>
    `| ${name} | ${of(float)} | ${of(bundle)} |`;
  return [
    "## Measured on the test split",
    "",
    "The bundle is what is served: the published files, run through the Worker's own code on the encoded images.",
    "",
    "| | float model | bundle |",
    "|---|---|---|",
    row("images", (metrics) => String(metrics.images)),
    row("top-1 accuracy", (metrics) => fixed(metrics.top1Accuracy)),
    row("macro F1", (metrics) => fixed(metrics.macroF1)),
    row("expected calibration error", (metrics) => fixed(metrics.expectedCalibrationError)),
    row("negative log-likelihood, nats", (metrics) => fixed(metrics.negativeLogLikelihood)),
    row("Brier score", (metrics) => fixed(metrics.brierScore)),
    "",
    `Both give the same class for ${fixed(parity.top1Agreement)} of the images; no probability differs by more than ` +
      `${parity.maxProbabilityDelta.toExponential(1)}.`,
  ].join("\n");
}

function perClass(metrics: Metrics, thresholds: readonly number[]): string {
  return [
    "## Classes",
    "",
    "| class | images | precision | recall | F1 | threshold |",
    "|---|---|---|---|---|---|",
    ...metrics.perClass.map((entry, c) => {
      const figures = [entry.precision, entry.recall, entry.f1, thresholds[c] ?? 0].map(fixed).join(" | ");
      return `| ${escape(entry.label)} | ${entry.images} | ${figures} |`;
    }),
  ].join("\n");
}

function answers(facts: CardFacts, target: PrecisionTarget | undefined): string {
  const { input, unknown, thresholds } = facts;
  const least = [...new Set(thresholds)].map(fixed);
  return [
    "## Answers",
    "",
    `- Input: ${input.width}x${input.height} pixels, ${input.fit}, ${input.filter} filter, denoise ${input.denoise}.`,
    `- Probabilities are softmax(logits / ${fixed(facts.temperature)}).`,
    least.length > 1
      ? "- A class counts as recognised from the probability on that stands as its threshold above."
      : `- A class counts as recognised from a probability of ${least.join("")} on.`,
    ...(target === undefined ? [] : [`- ${escape(describeTarget(labelTarget(target, facts.labels)))}.`]),
    unknown.rule === "none"
      ? "- No image is called unknown."
      : `- An image is called unknown by the rule ${unknown.rule} at ${fixed(unknown.threshold)}.`,
    `- Weights are stored as ${facts.quantization.scheme}.`,
  ].join("\n");
}

function origin(facts: CardFacts): string {
  const { provenance } = facts;
  const packages = Object.entries(provenance.packages).map(([name, version]) => `${name} ${version}`);
  return [
    "## Origin",
    "",
    `- Architecture: ${describeArchitecture(facts.architecture)}`,
    ...trainedOn(provenance),
    `- Run: ${provenance.runId}, started ${provenance.startedAt}, seed ${provenance.seed}, engine ${provenance.engine}`,
    `- Configuration digest: ${provenance.configDigest}`,
    `- Code: ${provenance.gitCommit ?? "not a git checkout"}; ${packages.join(", ")}`,
  ].join("\n");
}

function trainedOn({ importedFrom, backbone, ...provenance }: CardFacts["provenance"]): string[] {
  const { dataset, datasetVersion, datasetDigest } = provenance;
  return [
    ...(dataset === null
      ? []
      : [`- Dataset: ${dataset}, version ${datasetVersion} (digest ${datasetDigest})`]),
    ...(importedFrom === undefined
      ? []
      : [`- Imported from the file ${escape(importedFrom.file)} (SHA-256 ${importedFrom.sha256})`]),
    ...(backbone === undefined
      ? []
      : [
          `- Features of ${escape(backbone.name)} (SHA-256 ${backbone.sha256}), licence: ${escape(backbone.licence)}`,
        ]),
  ];
}

/** A net in words: its name, and what else is known of it. */
export function describeArchitecture({ name, ...rest }: CardFacts["architecture"]): string {
  return [name, ...Object.entries(rest).map(([key, value]) => `${key} ${value}`)].join(", ");
}

function fixed(value: number): string {
  return value.toFixed(4);
}

/** Labels are folder names, so they may hold what Markdown would take for markup. */
function escape(label: string): string {
  return label.replaceAll(/[\\`*_[\]<>|#]/g, String.raw`\$&`).replaceAll("\n", " ");
}
