import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import * as z from "zod/mini";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { loadCodec } from "../assets.ts";
import type { QualityMetric } from "../pipeline/context.ts";
import { type JobTask, jobTasks, releaseTasks } from "../../shared/contract/pipeline.ts";
import { runJobTask } from "../pipeline/jobs.ts";
import { isLocalExecutionRunning } from "../pipeline/local/local-execution.ts";
import { runDecisionTask, runReleaseTask } from "../pipeline/tasks.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal } from "../terminal/interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, parseRunId, withCommonOptions } from "./common-options.ts";
import { cacheRootOf, terminalReporter } from "./job-options.ts";
import { addPipelineRunCommands } from "./pipeline-run.ts";

interface JobOptions extends CommonOptions {
  readonly run: string;
  readonly scratch?: string;
}

interface TaskOptions extends CommonOptions {
  readonly serving?: string;
}

/** Adds `pipeline`: the retraining pipeline on this machine, and its tasks one by one, as containers run them. */
export function addPipelineCommands(program: Command): void {
  const pipeline = program.command("pipeline").description("the retraining pipeline");
  addPipelineRunCommands(pipeline);
  addTask(pipeline);
  const command = pipeline
    .command("job")
    .description("run one long task of a pipeline run; run again, it goes on where it stopped")
    .argument("<task>", jobTasks.join(", "), parseTask)
    .requiredOption("--run <id>", "the pipeline run", parseRunId)
    .option("--scratch <folder>", "the dataset's images go here (default: beside the store)");
  withCommonOptions(command, [
    "npm run edgewise -- pipeline job train --run 20260131T235959Z-1f9c --store s3://edgewise-record",
  ]).action(async (task: JobTask, options: JobOptions) => {
    const output = createOutput(options.json);
    const result = await runJobTask(
      {
        record: await openStore(options.store),
        scratch: options.scratch ?? join(cacheRootOf(options), "pipeline"),
        reporter: terminalReporter(output),
        signal: abortOnSignal(output.say),
      },
      task,
      options.run,
    );
    output.answer(`${task} of run ${options.run} is done`);
    output.result({ task, runId: options.run, result });
  });
}

function addTask(pipeline: Command): void {
  const command = pipeline
    .command("task")
    .description("run one short task of a pipeline run, as its function on AWS would")
    .argument("<input>", "what the state machine hands over, as JSON")
    .option("--serving <place>", "the store that Workers read (default: --store)");
  withCommonOptions(command, [
    `npm run edgewise -- pipeline task '{"task":"inspect","runId":"20260131T235959Z-1f9c"}' --json`,
  ]).action(async (text: string, options: TaskOptions) => {
    const output = createOutput(options.json);
    const input = parseJsonWith(z.looseObject({ task: z.string() }), text, "the input");
    const record = await openStore(options.store);
    const context = {
      record,
      serving: options.serving === undefined ? record : await openStore(options.serving),
      codec: loadCodec,
      now: () => new Date(),
      isRunning: isLocalExecutionRunning,
      measure: ({ name, model, value }: QualityMetric) =>
        output.say(`${name} of ${model}: ${value.toFixed(3)}`),
    };
    const releases = releaseTasks.some((task) => task === input.task);
    const result = await (releases ? runReleaseTask(context, input) : runDecisionTask(context, input));
    output.answer(JSON.stringify(result, null, 2));
    output.result(z.parse(z.record(z.string(), z.unknown()), result));
  });
}

function parseTask(text: string): JobTask {
  const known = jobTasks.find((task) => task === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`got "${text}"; the tasks are ${jobTasks.join(", ")}.`);
}
