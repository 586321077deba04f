import { availableParallelism } from "node:os";
import type { EvaluatedManifest } from "../../shared/contract/manifest.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { type OpenBackbone, openNamed } from "../backbones/open-backbone.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import { checkMetadata, type MetadataTable, openMetadata } from "../data/metadata-table.ts";
import { loadSplit } from "../data/image-loader.ts";
import type { EngineChoice } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { describeFewImages } from "../evaluation/few-images.ts";
import { type LinearBaseline, fitLinearBaseline } from "../evaluation/linear-baseline.ts";
import { promote } from "../release/promote.ts";
import { publishVersion } from "../release/publish.ts";
import type { Release } from "../release/release.ts";
import { writeCrossValidation } from "../report/run-record.ts";
import { chooseDenoisedPlan } from "./choose-denoise.ts";
import type { PlanWishes } from "./choose-plan.ts";
import { startDeadline } from "./deadline.ts";
import { openDataset, recordDataset } from "./open-dataset.ts";
import { describePlan, type Plan } from "./plan.ts";
import { releaseTrained } from "./release-trained.ts";
import type { Reporter } from "./reporter.ts";
import { type RunConfig, settleConfig } from "./run-config.ts";
import { createRunId } from "./run-id.ts";
import { createStageTimes, type StageSpeed } from "./stage-times.ts";
import { trainFinetune } from "./train-finetune.ts";
import { trainHead } from "./train-head.ts";
import { trainScratch } from "./train-scratch.ts";
import type { TrainedClassifier, TrainingJob } from "./trained-classifier.ts";

/** Everything that decides a job. */
export interface JobRequest {
  /** A labelled folder or archive; absent: the drawn sample. */
  readonly data?: string | undefined;
  /** Images that are indexed and recorded already, instead of `data`. */
  readonly dataset?: IndexedDataset | undefined;
  readonly limit?: number | undefined;
  /** Share of the images that fit weights; 0.6 unless told. */
  readonly trainShare?: number | undefined;
  /** Share of the images that the report is of; half of what is not for training unless told. */
  readonly testShare?: number | undefined;
  /** What tells images of one source, which share a split; nothing unless told. */
  readonly groupBy?: string | undefined;
  /** Whether reviewed feedback to the model is trained on too. */
  readonly withFeedback?: boolean | undefined;
  readonly seed: number;
  readonly model: string;
  readonly engine: EngineChoice;
  /** Most threads that train a net from nothing; as many as there are cores unless told. */
  readonly workers?: number | undefined;
  /** What the model is for, for its card; absent: telling its classes apart. */
  readonly intendedUse?: string | undefined;
  /** A CSV file of what the caller knows of the images, for the report; see `readMetadataTable`. */
  readonly metadata?: string | undefined;
  /** Precision that the thresholds of the classes aim at, 0-1; see {@link releaseTrained}. */
  readonly targetPrecision?: number | undefined;
  /** What the caller fixes of the way to train; the rest is chosen by the data, the time and the machine. */
  readonly wishes: PlanWishes;
  /** Milliseconds that the job may take until the model is promoted; `null` for what the data ask for. */
  readonly budgetMs: number | null;
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
  /** The way it was trained, and the reason for it. */
  readonly plan: Plan;
  readonly why: string;
  /** Hex SHA-256 of what was trained. */
  readonly weightsSha256: string;
  /** `null` for a head, which is a linear model itself. */
  readonly linearBaseline: LinearBaseline | null;
  /** As the run's record has it; `null` where training anew several times takes too long. */
  readonly crossValidation: CrossValidation | null;
  /** That a class has few images and how wide the test is; `null` where every class has enough. */
  readonly fewImages: string | null;
  /** Bytes of the weights as stored. */
  readonly bundleBytes: number;
  /** Bytes of the same weights in float32. */
  readonly floatBytes: number;
  /** Until the model was promoted. */
  readonly seconds: number;
  readonly speeds: readonly StageSpeed[];
  readonly metadata: MetadataTable | null;
  /** Measures the ways of storing the weights that were not published; nothing of the job has to be kept for it. */
  readonly comparePrecisions: Release["comparePrecisions"];
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
  const metadata = await openMetadata(request.metadata, reporter.say);
  const job = await openJob(request, startedAt, store, signal, reporter);
  if (metadata !== null) checkMetadata(metadata, job.dataset.manifest, request.limit !== undefined);
  const { config, opened } = await planJob(request, job, reporter);
  const { dataset, engine, runId, seed, deadline, times } = job;
  reporter.say(`run ${runId}: ${describePlan(config.plan)}, engine ${engine.name}, seed ${seed}`);
  reporter.say(`${config.plan.mode}: ${config.why}`);
  const trained = await trainByPlan(job, config.plan, opened, reporter);
  try {
    reporter.say(`${trained.outcome}; weights ${trained.weightsSha256.slice(0, 12)}`);
    // Not its reason, which has times that differ from run to run.
    const { why, ...settled } = config;
    const facts = { runId, startedAt, config: settled, seed, engine: engine.name };
    const { model, intendedUse, targetPrecision } = request;
    const test = dataset.manifest.images.filter(({ split }) => split === "test").length;
    const release = await times.measure("release", test, () =>
      releaseTrained({ model, dataset, trained, engine, facts, intendedUse, targetPrecision }, reporter),
    );
    await publishVersion(request.candidates ?? store, release);
    reporter.say(`published ${request.model} ${release.version}`);
    await promoteTo(request, release.version, store, reporter);
    const seconds = deadline.elapsedMs() / 1000;
    const crossValidation = (await trained.crossValidate?.()) ?? null;
    if (crossValidation !== null) await writeCrossValidation(store, runId, crossValidation);
    const fewImages = describeFewImages(dataset.manifest, release.evaluation.top1, crossValidation !== null);
    if (fewImages !== null) reporter.say(fewImages);
    return {
      dataset,
      manifest: release.manifest,
      evaluation: release.evaluation,
      plan: config.plan,
      why,
      weightsSha256: trained.weightsSha256,
      linearBaseline: config.plan.mode === "scratch" ? await measureBaseline(dataset, trained) : null,
      crossValidation,
      fewImages,
      bundleBytes: release.weightBytes,
      floatBytes: release.floatBytes,
      seconds,
      speeds: times.speeds(),
      metadata,
      comparePrecisions: release.comparePrecisions,
    };
  } finally {
    trained.dispose();
  }
}

/** Starts the clock, indexes the images and opens the engine. */
async function openJob(
  request: JobRequest,
  startedAt: Date,
  store: ObjectStore,
  signal: AbortSignal,
  reporter: Reporter,
): Promise<TrainingJob> {
  const deadline = startDeadline(request.budgetMs);
  const times = createStageTimes();
  let indexed = 0;
  const dataset = await times.measure(
    "index",
    () => indexed,
    async () => {
      const feedback = request.withFeedback === true ? { store, model: request.model } : undefined;
      const opened = request.dataset ?? (await openDataset({ ...request, feedback }, reporter));
      indexed = opened.manifest.images.length;
      return opened;
    },
  );
  if (request.dataset === undefined) await recordDataset(store, dataset.manifest);
  const engine = await openEngine(request.engine);
  for (const notice of engine.notices) reporter.say(notice);
  const { seed, cacheRoot } = request;
  const runId = request.runId ?? createRunId(startedAt);
  const workers = request.workers ?? availableParallelism();
  return { dataset, engine, seed, runId, store, deadline, times, signal, cacheRoot, workers };
}

/** Chooses the plan of a new run, or takes that of the one that goes on. */
async function planJob(
  request: JobRequest,
  job: TrainingJob,
  reporter: Reporter,
): Promise<{ readonly config: RunConfig; readonly opened: OpenBackbone | null }> {
  const { dataset, engine, deadline, seed, signal, times, workers } = job;
  const { manifest } = dataset;
  let opened: OpenBackbone | null = null;
  const { targetPrecision } = request;
  const asked = {
    model: request.model,
    engine: engine.name,
    dataset: manifest.digest,
    requested: { ...request.wishes, seed, budgetMs: request.budgetMs, targetPrecision },
  };
  const config = await settleConfig(job.store, job.runId, asked, async () => {
    const [index] = times.speeds();
    const decodeMs = (1000 * (index?.seconds ?? 0)) / Math.max(1, manifest.images.length);
    const isDrawn = request.data === undefined && request.dataset === undefined;
    const { store } = job;
    const facts = { dataset: manifest, isDrawn, seed, engine, deadline, decodeMs, store, signal, workers };
    const { plan, why, ...choice } = await chooseDenoisedPlan(job, request.wishes, facts, reporter);
    ({ opened } = choice);
    return { plan, why };
  });
  return { config, opened };
}

async function trainByPlan(
  job: TrainingJob,
  plan: Plan,
  opened: OpenBackbone | null,
  reporter: Reporter,
): Promise<TrainedClassifier> {
  if (plan.mode === "scratch") return trainScratch(job, plan, reporter);
  const { backbone, backboneSha256: sha256, size } = plan;
  const { store, signal } = job;
  const ready = opened ?? (await openNamed(backbone, { store, size, sha256, signal }));
  return plan.mode === "head"
    ? trainHead(job, plan, ready, reporter)
    : trainFinetune(job, plan, ready, reporter);
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
