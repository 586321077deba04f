import { cpus } from "node:os";
import * as z from "zod/mini";
import type { ImageCodec } from "../../shared/image/codec.ts";
import type { Engine } from "../engine/engine.ts";
import { openInference } from "../engine/open-inference.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import { evaluateBundle } from "../evaluation/evaluate-bundle.ts";
import { type PrecisionRecord, precisionSchema } from "../evaluation/evaluation-record.ts";
import type { LabelledImage } from "../evaluation/labelled-image.ts";
import { topClass } from "../evaluation/probability-quality.ts";
import { assembleBundle } from "./assemble.ts";
import { describePrecision, schemeName } from "./describe-release.ts";
import { draftBundle, type SharedParts } from "./draft-bundle.ts";
import type { GoldenImage } from "./golden-images.ts";
import type { CandidateBuilder } from "./releasable-model.ts";
import { withBundle } from "./verify.ts";

/** `precisions.json` of a run: every way of storing the weights, with its time on the machine of the run. */
export const precisionComparisonSchema = z.strictObject({
  schemaVersion: z.literal(1),
  /** Model of the processor. */
  machine: z.string(),
  precisions: z.array(
    z.strictObject({
      ...precisionSchema.shape,
      /** Milliseconds an image, decoded and classified one by one, the median; `null` for the trained net. */
      milliseconds: z.nullable(z.number()),
    }),
  ),
});

/** Every way of storing the weights, with its time on the machine of the run. */
export type PrecisionComparison = z.infer<typeof precisionComparisonSchema>;

/** The file of a run that holds its {@link PrecisionComparison}. */
export const precisionsFile = "precisions.json";

/** What a comparison goes on from once a version is chosen; holds no pixels and nothing of the training. */
export interface ComparisonRequest {
  readonly shared: SharedParts;
  /** The rows of the release's evaluation, and the time of each by its scheme. */
  readonly measured: readonly PrecisionRecord[];
  readonly milliseconds: ReadonlyMap<string, number>;
  /** Those that were not tried. */
  readonly rest: readonly CandidateBuilder[];
  readonly golden: readonly GoldenImage[];
  readonly test: readonly LabelledImage[];
  /** [N, C] of the float model on all of them. */
  readonly probabilities: Float32Array;
  readonly codec: ImageCodec;
  readonly engine: Pick<Engine, "activate">;
}

/** Called with the candidate, the images done and of all. */
export type OnCompared = (scheme: string, done: number, total: number) => void;

/** A larger test split is sampled evenly, so that a candidate takes about this long. */
const candidateMs = 60_000;

/** Measures the candidates that a release did not have to try, beside those that it tried. */
export async function comparePrecisions(
  request: ComparisonRequest,
  onCompared: OnCompared = () => undefined,
): Promise<PrecisionComparison> {
  const { measured, milliseconds, rest, engine } = request;
  const precisions = measured.map((row) => ({
    ...row,
    milliseconds: milliseconds.get(row.scheme) ?? null,
  }));
  const slowest = Math.max(0.1, ...milliseconds.values());
  const rows = spreadEvenly([...request.test.keys()], Math.max(1, Math.floor(candidateMs / slowest)));
  try {
    await openInference();
    for (const builder of rest) precisions.push(await measureCandidate(request, builder, rows, onCompared));
  } finally {
    await engine.activate();
  }
  return { schemaVersion: 1, machine: cpus()[0]?.model ?? "unknown", precisions };
}

/** Runs one candidate on some of the test images, through the Worker's own code. @param rows their numbers */
async function measureCandidate(
  { shared, golden, test, probabilities, codec }: ComparisonRequest,
  { scheme, build }: CandidateBuilder,
  rows: readonly number[],
  onCompared: OnCompared,
): Promise<PrecisionComparison["precisions"][number]> {
  const candidate = await build();
  const bundle = await assembleBundle(await draftBundle(shared, candidate, codec, golden));
  const files = rows.flatMap((row) => test[row] ?? []);
  const answers = await withBundle(bundle, codec, (classifier) => {
    classifier.selfTest();
    return evaluateBundle(classifier, files, (done, total) => onCompared(schemeName(scheme), done, total));
  });
  const classes = shared.description.labels.length;
  const same = rows.filter(
    (row, i) =>
      topClass(probabilities, row * classes, classes) ===
      topClass(answers.probabilities, i * classes, classes),
  ).length;
  const { weightBytes } = candidate.model;
  const row = describePrecision({
    scheme,
    weightBytes,
    metrics: answers.metrics,
    agreement: same / rows.length,
  });
  return { ...row, milliseconds: answers.latencyMs };
}
