import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import type { ModelManifest } from "../../shared/contract/manifest.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { listAll } from "../../shared/store/list-all.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { CrossValidation } from "../evaluation/cross-validation-record.ts";
import type { Evaluation } from "../evaluation/evaluation-record.ts";
import { listModels } from "../release/list-models.ts";
import { readCrossValidation, readEpochs } from "../report/run-record.ts";
import { readEvaluation } from "../report/write-report.ts";
import type { EpochMetrics } from "../training/training-request.ts";
import { describePlan, planSchema } from "./plan.ts";

/** What a run left in the store. */
export interface RecordedRun {
  readonly runId: string;
  /** What it was asked for and what was chosen, as `config.json` has it; `null` when it has none. */
  readonly config: Readonly<z.infer<typeof configSchema>> | null;
  /** An epoch each; none for a head. */
  readonly epochs: readonly EpochMetrics[];
  readonly crossValidation: CrossValidation | null;
  /** The version it published, `null` when it did not come to that. */
  readonly manifest: ModelManifest | null;
}

const configSchema = z.looseObject({ model: z.optional(z.string()), plan: z.optional(z.unknown()) });

/** The runs of a store, the newest first. */
export async function listRuns(store: ObjectStore): Promise<RecordedRun[]> {
  const ids = new Set<string>();
  for await (const { key } of listAll(store, objectKeys.runs())) ids.add(key.split("/")[1] ?? "");
  const published = await publishedByRun(store);
  const runs: RecordedRun[] = [];
  for (const runId of [...ids].toSorted().toReversed()) runs.push(await readRun(store, runId, published));
  return runs;
}

/** One run. @throws not_found naming the newest there are */
export async function findRun(store: ObjectStore, runId: string): Promise<RecordedRun> {
  const runs = await listRuns(store);
  const found = runs.find((run) => run.runId === runId);
  if (found !== undefined) return found;
  const known = runs.slice(0, 5).map((run) => run.runId);
  throw new AppError(
    "not_found",
    `there is no run ${runId}; ${known.length === 0 ? "the store has none" : `the newest are ${known.join(", ")}`}`,
  );
}

/** How a run was to train, in a few words. */
export function describeRunPlan({ config }: RecordedRun): string {
  const plan = planSchema.safeParse(config?.plan);
  return plan.success ? describePlan(plan.data) : "not recorded";
}

/** The evaluation of what a run published; `null` when there is none. */
export async function evaluationOf(
  store: ObjectStore,
  { manifest }: RecordedRun,
): Promise<Evaluation | null> {
  return manifest === null ? null : readEvaluation(store, manifest.model, manifest.version);
}

async function readRun(
  store: ObjectStore,
  runId: string,
  published: ReadonlyMap<string, ModelManifest>,
): Promise<RecordedRun> {
  const found = await store.get(objectKeys.runFile(runId, "config.json"));
  const text = found.kind === "found" ? new TextDecoder().decode(found.bytes) : null;
  return {
    runId,
    config: text === null ? null : parseJsonWith(configSchema, text, `config.json of run ${runId}`),
    epochs: await readEpochs(store, runId),
    crossValidation: await readCrossValidation(store, runId),
    manifest: published.get(runId) ?? null,
  };
}

async function publishedByRun(store: ObjectStore): Promise<Map<string, ModelManifest>> {
  const models = await listModels(store);
  return new Map(
    models
      .flatMap(({ versions }) => versions.flatMap((version) => (version.usable ? [version.manifest] : [])))
      .map((manifest) => [manifest.provenance.runId, manifest]),
  );
}
