import * as z from "zod/mini";
import { parseWith } from "../../../shared/contract/parse.ts";
import {
  localNames,
  type MachineJob,
  type PipelineMachine,
} from "../../../shared/contract/pipeline-machine.ts";
import { AppError } from "../../../shared/contract/errors.ts";
import { type JsonObject, type RunningTask, runTaskProcess, type TaskEnd } from "./task-process.ts";

/** Where the tasks of a local run work. */
export interface LocalPlace {
  /** The record: datasets, runs and models. */
  readonly store: string;
  /** What Workers read; the record itself unless told. */
  readonly serving: string;
  /** Folder for the images of datasets. */
  readonly scratch: string;
}

/** What a local run tells while it goes on. */
export interface LocalTeller {
  readonly say: (line: string) => void;
  /** Receives what the tasks' processes say, as it comes. */
  readonly hear: (text: string) => void;
  /** What a deployment would send to its subscribers. */
  readonly notify: (notification: { readonly subject: string; readonly message: string }) => void;
  /** Told of every task's process as it starts. */
  readonly onTask?: (task: RunningTask) => void;
}

/** What the tasks of one run need. */
export interface LocalBench {
  readonly machine: PipelineMachine;
  readonly place: LocalPlace;
  readonly teller: LocalTeller;
  readonly signal: AbortSignal;
}

/** Does what a state's resource would do on AWS. @throws an Error named as AWS would name it */
export type LocalTask = (parameters: unknown) => Promise<JsonObject>;

const submitSchema = z.looseObject({
  JobName: z.string(),
  JobDefinition: z.string(),
  Parameters: z.record(z.string(), z.string()),
});
const publishSchema = z.looseObject({ Subject: z.string(), Message: z.string() });

/** One handler for each Task state, by its name. @throws unsupported_model for a resource that nothing here stands for */
export function localTasks(bench: LocalBench): Record<string, LocalTask> {
  const tasks = Object.entries(bench.machine.definition.States).filter(([, state]) => state.Type === "Task");
  return Object.fromEntries(
    tasks.map(([name, state]) => {
      const work = localTask(name, String(state["Resource"]), bench);
      const told: LocalTask = async (parameters) => {
        bench.teller.say(`> ${name}`);
        return work(parameters);
      };
      return [name, told];
    }),
  );
}

function localTask(name: string, resource: string, bench: LocalBench): LocalTask {
  if (resource === localNames.function("decide") || resource === localNames.function("release")) {
    return (parameters) => runFunction(parameters, bench);
  }
  if (resource.endsWith(":states:::batch:submitJob.sync")) {
    return (parameters) => runBatchJob(parameters, bench);
  }
  if (resource.endsWith(":states:::sns:publish")) {
    return async (parameters) => {
      const { Subject: subject, Message: message } = parseWith(publishSchema, parameters, `input of ${name}`);
      bench.teller.notify({ subject, message });
      return { MessageId: subject };
    };
  }
  throw new AppError(
    "invalid_argument",
    `state ${name} of the pipeline uses ${resource}, which nothing on this machine stands for; synthesise it again`,
  );
}

async function runFunction(
  parameters: unknown,
  { place: { store, serving }, teller, signal }: LocalBench,
): Promise<JsonObject> {
  const end = await runTaskProcess({
    commandLine: [
      "pipeline",
      "task",
      JSON.stringify(parameters),
      "--store",
      store,
      "--serving",
      serving,
      "--json",
    ],
    signal,
    hear: teller.hear,
    onStart: teller.onTask,
  });
  return resultOf(end);
}

/** As AWS Batch does: a try again where the host went away, none where the task itself failed. */
async function runBatchJob(
  parameters: unknown,
  { machine: { jobs }, place: { store, scratch }, teller, signal }: LocalBench,
): Promise<JsonObject> {
  const submitted = parseWith(submitSchema, parameters, "input of a job");
  const [name, job] =
    Object.entries(jobs).find(([key]) => localNames.job(key) === submitted.JobDefinition) ?? [];
  if (name === undefined || job === undefined) {
    throw new AppError(
      "invalid_argument",
      `there is no job ${submitted.JobDefinition}; synthesise the pipeline again`,
    );
  }
  const commandLine = [...commandOf(job, submitted.Parameters, scratch), "--store", store];
  for (let attempt = 1; ; attempt += 1) {
    const end = await runTaskProcess({
      commandLine,
      signal,
      longestSeconds: job.attemptSeconds,
      hear: teller.hear,
      onStart: teller.onTask,
    });
    if (end.kind === "killed" && attempt < job.attempts && !signal.aborted) {
      teller.say(`${name} was ended by ${end.signal}; attempt ${attempt + 1} of ${job.attempts}`);
      continue;
    }
    resultOf(end);
    return { JobId: submitted.JobName, JobName: submitted.JobName, Status: "SUCCEEDED" };
  }
}

function commandOf(
  { command }: MachineJob,
  parameters: Readonly<Record<string, string>>,
  scratch: string,
): string[] {
  return command.map((word, index) => {
    if (command[index - 1] === "--scratch") return scratch;
    return word.startsWith("Ref::") ? (parameters[word.slice("Ref::".length)] ?? word) : word;
  });
}

function resultOf(end: TaskEnd): JsonObject {
  switch (end.kind) {
    case "done":
      return end.result;
    case "failed":
      throw named(end.code, end.message);
    case "killed":
      // What Step Functions hears when the host of a function goes away; the machine tries again.
      throw named("Lambda.ServiceException", `the task was ended by ${end.signal}`);
    case "timed-out":
      throw named("States.Timeout", "the task took too long");
    default:
      return end satisfies never;
  }
}

/** The machine matches failures by name. */
function named(name: string, message: string): Error {
  const error = new Error(message);
  error.name = name;
  return error;
}
