import { join } from "node:path";
import type * as z from "zod/mini";
import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { JobTask, PipelineRun, RetrainSettings } from "../../shared/contract/pipeline.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { createPrefixedStore } from "../../shared/store/prefixed-store.ts";
import { loadCodec } from "../assets.ts";
import { backbonePlaces } from "../backbones/find-backbone.ts";
import { backbones } from "../backbones/registry.ts";
import { cacheStoredBackbones } from "../backbones/stored-backbones.ts";
import { readDatasetManifest } from "../data/dataset-store.ts";
import { fetchDataset, type FetchedDataset } from "../data/fetch-dataset.ts";
import { evaluateByLabel } from "../evaluation/compare-versions.ts";
import { type LabelledImage, splitImages } from "../evaluation/labelled-image.ts";
import type { PlanWishes } from "../job/choose-plan.ts";
import type { Reporter } from "../job/reporter.ts";
import { runJob } from "../job/run-job.ts";
import { type Architecture, architectures } from "../model/build-model.ts";
import { openPublished } from "../release/load-published.ts";
import { auditFetched } from "./audit-fetched.ts";
import { readChampion } from "./champion.ts";
import { type auditSchema, type evaluationSchema, inspectionSchema, trainingSchema } from "./results.ts";
import { readResult, readRun, requireResult, writeResult } from "./run-record.ts";

/** What the long tasks of the pipeline need; they run in the container, or as processes of this machine. */
export interface JobContext {
  readonly record: ObjectStore;
  /** Folder for the dataset's images, kept for the next task. */
  readonly scratch: string;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
}

const jobs: Readonly<Record<JobTask, (context: JobContext, run: PipelineRun) => Promise<unknown>>> = {
  audit,
  train,
  evaluate,
};

/**
 * Runs a long task of a run; run again, it goes on where it stopped.
 * @returns what it found; also kept below `runs/<runId>/results/`
 * @throws not_found when the run or a task before it is missing; interrupted when the signal aborted the training
 */
export async function runJobTask(context: JobContext, task: JobTask, runId: string): Promise<unknown> {
  const run = await readRun(context.record, runId);
  if (task !== "evaluate") await takeBackbones(context);
  const result = await jobs[task](context, run);
  await writeResult(context.record, runId, task, result);
  return result;
}

/** The container's subnet has no other way by which backbones could come. */
async function takeBackbones({ record, reporter }: JobContext): Promise<void> {
  for (const { name } of await cacheStoredBackbones(record, backbonePlaces(), backbones)) {
    reporter.say(`backbone ${name}: from the store`);
  }
}

/** Brings the dataset here and has it judged; what cannot be used is left out by the tasks after, too. */
async function audit(context: JobContext, run: PipelineRun): Promise<z.infer<typeof auditSchema>> {
  const dataset = await fetchWhole(context, run);
  const { settings } = run.request;
  const { result, page } = await auditFetched(dataset, settings, context.scratch);
  await context.record.put(objectKeys.runFile(run.runId, "audit.html"), page);
  return result;
}

/** Trains, releases and leaves the version among the candidates of the run; nothing is published. */
async function train(context: JobContext, run: PipelineRun): Promise<z.infer<typeof trainingSchema>> {
  const { record, reporter, signal, scratch } = context;
  const done = await readResult(record, run.runId, "train", trainingSchema);
  if (done !== null) return done;
  const { model, seed, engine, plan } = run.request.settings;
  const dataset = await fetchWhole(context, run);
  const result = await runJob(
    {
      dataset,
      seed,
      model,
      engine,
      wishes: wishesOf(plan),
      budgetMs: null,
      alias: null,
      runId: run.runId,
      startedAt: new Date(run.startedAt),
      candidates: createPrefixedStore(record, objectKeys.candidate(run.runId)),
      cacheRoot: scratch,
      by: "edgewise pipeline",
    },
    record,
    reporter,
    signal,
  );
  const { version, metrics } = result.manifest;
  return { version, top1Accuracy: metrics.bundle.top1Accuracy, bundleBytes: result.bundleBytes };
}

function wishesOf({
  mode = "auto",
  backbone,
  architecture,
  ...scratch
}: RetrainSettings["plan"]): PlanWishes {
  return { mode, backbone, scratch: { ...scratch, architecture: architectureOf(architecture) } };
}

function architectureOf(name: string | undefined): Architecture | undefined {
  const known = architectures.find((architecture) => architecture === name);
  if (name === undefined || known !== undefined) return known;
  throw new AppError(
    "invalid_argument",
    `there is no architecture ${name}; the settings may name ${architectures.join(", ")}`,
  );
}

/** Measures the champion, and the challenger where the run trained one, through the code that serves. */
async function evaluate(context: JobContext, run: PipelineRun): Promise<z.infer<typeof evaluationSchema>> {
  const { record, reporter } = context;
  const { settings } = run.request;
  const champion = await readChampion(record, settings);
  const training = await readResult(record, run.runId, "train", trainingSchema);
  const manifest = await inspectedManifest(context, run);
  const isFresh = (sha256: string): boolean => champion !== null && !champion.seen.has(sha256);
  const dataset = await fetchDataset(record, manifest, {
    folder: join(context.scratch, manifest.dataset),
    wanted: ({ split, sha256 }) => split === "test" || isFresh(sha256),
  });
  const digests = new Map(manifest.images.map(({ path, sha256 }) => [path, sha256]));
  const test = splitImages(dataset, "test");
  const all = dataset.manifest.images.map(({ split }) => split);
  const everything = [...new Set(all)].flatMap((split) => splitImages(dataset, split));
  const fresh = everything.filter(({ path }) => isFresh(digests.get(path) ?? ""));
  const measure = (store: ObjectStore, version: string) =>
    measureVersion(store, settings.model, version, { test, fresh, labels: manifest.labels }, reporter);
  const candidates = createPrefixedStore(record, objectKeys.candidate(run.runId));
  return {
    champion: champion === null ? null : await measure(record, champion.version),
    challenger: training === null ? null : await measure(candidates, training.version),
    publishedAccuracy: champion?.manifest.metrics?.bundle.top1Accuracy ?? null,
  };
}

interface EvaluationImages {
  readonly test: readonly LabelledImage[];
  readonly fresh: readonly LabelledImage[];
  readonly labels: readonly string[];
}

async function measureVersion(
  store: ObjectStore,
  model: string,
  version: string,
  { test, fresh, labels }: EvaluationImages,
  reporter: Reporter,
): Promise<NonNullable<z.infer<typeof evaluationSchema>["champion"]>> {
  const { classifier } = await openPublished(store, model, version, loadCodec());
  const bar = reporter.progress(`evaluate ${version}`);
  try {
    return {
      version,
      test: await evaluateByLabel(classifier, test, labels, (done, total) => bar.update(done, total)),
      fresh: fresh.length === 0 ? null : await evaluateByLabel(classifier, fresh, labels),
    };
  } finally {
    bar.end();
    classifier.dispose();
  }
}

async function fetchWhole(context: JobContext, run: PipelineRun): Promise<FetchedDataset> {
  const manifest = await inspectedManifest(context, run);
  const bar = context.reporter.progress("fetch");
  try {
    return await fetchDataset(context.record, manifest, {
      folder: join(context.scratch, manifest.dataset),
      onImage: (done, total) => bar.update(done, total),
    });
  } finally {
    bar.end();
  }
}

/** The manifest that `inspect` settled on; a newer one is for the next run. */
async function inspectedManifest(context: JobContext, run: PipelineRun): Promise<DatasetManifest> {
  const { datasetVersion } = await requireResult(context.record, run.runId, "inspect", inspectionSchema);
  const { dataset } = run.request.settings;
  const manifest =
    datasetVersion === null ? null : await readDatasetManifest(context.record, dataset, datasetVersion);
  if (manifest !== null) return manifest;
  throw new AppError("not_found", `dataset ${dataset} has no version ${datasetVersion}; upload it again`);
}
