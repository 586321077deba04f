import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { type PipelineRun, pipelineRunSchema } from "../../shared/contract/pipeline.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

/** The file of a run that says what it was started with. */
export const pipelineFile = "pipeline.json";

const runFile = (runId: string): string => objectKeys.runFile(runId, pipelineFile);
const resultFile = (runId: string, task: string): string => objectKeys.runFile(runId, `results/${task}.json`);

/** Writes what a run was started with; the same run again writes the same. */
export async function writeRun(store: ObjectStore, run: PipelineRun): Promise<void> {
  await store.put(runFile(run.runId), encode(run));
}

/** Reads what a run was started with. @throws not_found, invalid_manifest */
export async function readRun(store: ObjectStore, runId: string): Promise<PipelineRun> {
  const found = await store.get(runFile(runId));
  if (found.kind !== "found") {
    throw new AppError("not_found", `there is no pipeline run ${runId}; start one, it gets a new name`);
  }
  return parseJsonWith(pipelineRunSchema, decode(found.bytes), `pipeline run ${runId}`, "invalid_manifest");
}

/** Keeps what a task found, for the tasks after it and for people. */
export async function writeResult(
  store: ObjectStore,
  runId: string,
  task: string,
  result: unknown,
): Promise<void> {
  await store.put(resultFile(runId, task), encode(result));
}

/** What a task found, `null` when it has not run. @throws invalid_manifest */
export async function readResult<T extends z.ZodMiniType>(
  store: ObjectStore,
  runId: string,
  task: string,
  schema: T,
): Promise<z.infer<T> | null> {
  const found = await store.get(resultFile(runId, task));
  if (found.kind !== "found") return null;
  const what = `result of ${task} of run ${runId}`;
  return parseJsonWith(schema, decode(found.bytes), what, "invalid_manifest");
}

/** What a task must have found before this one. @throws not_found when it has not run, invalid_manifest */
export async function requireResult<T extends z.ZodMiniType>(
  store: ObjectStore,
  runId: string,
  task: string,
  schema: T,
): Promise<z.infer<T>> {
  const result = await readResult(store, runId, task, schema);
  if (result !== null) return result;
  throw new AppError("not_found", `run ${runId} has no result of ${task}; run that task first`);
}

function encode(value: unknown): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
}

function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
