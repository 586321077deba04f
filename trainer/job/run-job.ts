import type { EvaluatedManifest } from "../../shared/contract/manifest.ts";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { putOnce } from "../../shared/store/put-once.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import { loadSplit } from "../data/image-loader.ts";
import type { EngineChoice } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { type LinearBaseline, fitLinearBaseline } from "../evaluation/linear-baseline.ts";
import { promote } from "../release/promote.ts";
import { publishVersion } from "../release/publish.ts";
import { planTraining, type PlanRequest } from "../training/defaults.ts";
import { openDataset, recordDataset } from "./open-dataset.ts";
import { releaseTrained } from "./release-trained.ts";
import type { Reporter } from "./reporter.ts";
import { createRunId } from "./run-id.ts";
import { trainClassifier, type TrainedClassifier } from "./train-classifier.ts";

/** Everything that decides a job. */
export interface JobRequest {
  /** A labelled folder or archive; absent: the drawn sample. */
  readonly data?: string | undefined;
  /** Images that are indexed and recorded already, instead of `data`. */
  readonly dataset?: IndexedDataset | undefined;
  readonly limit?: number | undefined;
  readonly seed: number;
  readonly model: string;
  readonly engine: EngineChoice;
  /** What the caller fixes of the net and its training; the rest is chosen by the data. */
  readonly plan: PlanRequest;
  /** The alias to promote to, `null` to publish only. */
  readonly alias: string | null;
  /** Continues this run when it was interrupted; absent: a new one. */
  readonly runId?: string | undefined;
  /** When the run began, a part of the version's name, so that one repeated makes the same version. @default now */
  readonly startedAt?: Date | undefined;
  /** Where the version is published, if not in the store of the run. */
  readonly candidates?: ObjectStore | undefined;
  /** Folder for what is drawn or unpacked. */
  readonly cacheRoot: string;
  /** Who promotes, for the alias record. */
  readonly by: string;
}

/** What a job left in the store. */
export interface JobResult {
  readonly dataset: IndexedDataset;
  readonly manifest: EvaluatedManifest;
  /** Of the bundle, on the test split. */
  readonly evaluation: Evaluation;
  readonly linearBaseline: LinearBaseline;
  /** Bytes of the weights as stored. */
  readonly bundleBytes: number;
  /** Bytes of the same weights in float32. */
  readonly floatBytes: number;
  readonly seconds: number;
}

/**
 * The whole release: dataset, training, evaluation, calibration, compilation, quantisation, verification, publication
 * and promotion, in this order; what was served before keeps serving until the last step.
 * @throws what its steps throw; `interrupted` when the signal aborts the training
 */
export async function runJob(
  request: JobRequest,
  store: ObjectStore,
  reporter: Reporter,
  signal: AbortSignal,
): Promise<JobResult> {
  const startedAt = request.startedAt ?? new Date();
  const dataset = request.dataset ?? (await openDataset(request, reporter));
  if (request.dataset === undefined) await recordDataset(store, dataset.manifest);
  const engine = await openEngine(request.engine);
  for (const notice of engine.notices) reporter.say(notice);
  const plan = planTraining(dataset.manifest, request.plan, request.seed);
  const runId = request.runId ?? createRunId(startedAt);
  const config = { model: request.model, plan, engine: engine.name, dataset: dataset.manifest.digest };
  await recordConfig(store, runId, config);
  reporter.say(
    `run ${runId}: ${plan.architecture} x${plan.width} at ${plan.size} px, ` +
      `at most ${plan.training.epochs} epochs, engine ${engine.name}, seed ${request.seed}`,
  );
  const trained = await trainClassifier({ dataset, plan, engine, runId, store, signal }, reporter);
  try {
    reporter.say(describeTraining(trained));
    const facts = { runId, startedAt, config, seed: request.seed, engine: engine.name };
    const release = await releaseTrained(
      { model: request.model, dataset, plan, trained, engine, facts },
      reporter,
    );
    const linearBaseline = await measureBaseline(dataset, trained);
    await publishVersion(request.candidates ?? store, release);
    reporter.say(`published ${request.model} ${release.version}`);
    await promoteTo(request, release.version, store, reporter);
    return {
      dataset,
      manifest: release.manifest,
      evaluation: release.evaluation,
      linearBaseline,
      bundleBytes: release.weightBytes,
      floatBytes: release.floatBytes,
      seconds: (Date.now() - startedAt.getTime()) / 1000,
    };
  } finally {
    trained.model.dispose();
  }
}

/** Writes what a run is made of; a run that goes on must be made of the same. */
async function recordConfig(store: ObjectStore, runId: string, config: unknown): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`);
  try {
    await putOnce(store, objectKeys.runFile(runId, "config.json"), bytes, await sha256Hex(bytes));
  } catch (cause) {
    if (!isAppError(cause, "already_exists")) throw cause;
    throw new AppError(
      "invalid_argument",
      `run ${runId} was started with other images, settings, engine or model; repeat those or choose another --run`,
      { cause },
    );
  }
}

async function promoteTo(
  { model, alias, by }: JobRequest,
  version: string,
  store: ObjectStore,
  reporter: Reporter,
): Promise<void> {
  if (alias === null) return;
  await promote(store, { model, alias, version, by, now: () => new Date() });
  reporter.say(`promoted: ${model}/${alias} -> ${version}`);
}

/** What a linear model makes of the same pixels; reads the test split after the model's own figures are settled. */
async function measureBaseline(
  dataset: IndexedDataset,
  { images, inputSpec }: TrainedClassifier,
): Promise<LinearBaseline> {
  return fitLinearBaseline({ ...images, test: await loadSplit(dataset, "test", inputSpec) });
}

function describeTraining({ result }: TrainedClassifier): string {
  const best = result.bestEpoch === null ? "" : `, best epoch ${result.bestEpoch + 1}`;
  const accuracy =
    result.validation === null ? "" : ` with validation ${result.validation.top1Accuracy.toFixed(3)}`;
  return `trained ${result.epochs} epochs, ${result.steps} steps${best}${accuracy}; weights ${result.weightsSha256.slice(0, 12)}`;
}
