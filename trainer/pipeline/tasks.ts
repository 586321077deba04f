import * as z from "zod/mini";
import { parseWith } from "../../shared/contract/parse.ts";
import {
  type DecisionTask,
  type PipelineRun,
  type ReleaseTask,
  releaseTasks,
} from "../../shared/contract/pipeline.ts";
import { begin, beginInputSchema } from "./begin.ts";
import { promoteChallenger, rollBackChallenger, startCanary, watchCanary } from "./canary.ts";
import { collect } from "./collect.ts";
import type { PipelineContext, ReleaseContext } from "./context.ts";
import { failureSchema, finish } from "./finish.ts";
import { gate } from "./gate.ts";
import { inspect } from "./inspect.ts";
import { judgeChampion } from "./judge-champion.ts";
import { judgeData } from "./judge-data.ts";
import { publish } from "./publish.ts";
import { readRun, writeResult } from "./run-record.ts";

type RunTask<C> = (context: C, run: PipelineRun) => Promise<unknown>;

const deciding: Readonly<Record<Exclude<DecisionTask, "begin" | "finish">, RunTask<PipelineContext>>> = {
  inspect,
  "judge-data": judgeData,
  gate,
  "judge-champion": judgeChampion,
};
const releasing: Readonly<Record<ReleaseTask, RunTask<ReleaseContext>>> = {
  collect,
  publish,
  "start-canary": startCanary,
  guard: watchCanary,
  promote: promoteChallenger,
  "roll-back": rollBackChallenger,
};

const runIdSchema = z.string().check(z.regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/));
const decisionInputSchema = z.discriminatedUnion("task", [
  z.extend(beginInputSchema, { task: z.literal("begin") }),
  z.strictObject({ task: z.enum(["inspect", "judge-data", "gate", "judge-champion"]), runId: runIdSchema }),
  z.strictObject({ task: z.literal("finish"), runId: runIdSchema, failure: z.optional(failureSchema) }),
]);
const releaseInputSchema = z.strictObject({ task: z.enum(releaseTasks), runId: runIdSchema });

/**
 * Runs a task that decides.
 * @param input `{task: "begin", execution, request}`, `{task, runId}` or `{task: "finish", runId, failure?}`
 * @returns what the state machine goes on with; also kept below `runs/<runId>/results/`
 * @throws invalid_argument for another input, and what the task throws
 */
export async function runDecisionTask(context: PipelineContext, input: unknown): Promise<unknown> {
  const parsed = parseWith(decisionInputSchema, input, "input of the pipeline's task");
  if (parsed.task === "begin") {
    return begin(context, { execution: parsed.execution, request: parsed.request });
  }
  const run = await readRun(context.record, parsed.runId);
  if (parsed.task === "finish") return kept(context, run, "finish", finish(context, run, parsed.failure));
  return kept(context, run, parsed.task, deciding[parsed.task](context, run));
}

/** Runs a task that writes published models; see {@link runDecisionTask}. @param input `{task, runId}` */
export async function runReleaseTask(context: ReleaseContext, input: unknown): Promise<unknown> {
  const { task, runId } = parseWith(releaseInputSchema, input, "input of the pipeline's task");
  const run = await readRun(context.record, runId);
  return kept(context, run, task, releasing[task](context, run));
}

async function kept<T>(
  context: PipelineContext,
  run: PipelineRun,
  task: string,
  work: Promise<T>,
): Promise<T> {
  const result = await work;
  await writeResult(context.record, run.runId, task, result);
  return result;
}
