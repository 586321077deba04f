import { join } from "node:path";
import { type Command, InvalidArgumentError } from "commander";
import { type JobTask, jobTasks, runJobTask } from "../pipeline/jobs.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal } from "../terminal/interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { type CommonOptions, parseRunId, withCommonOptions } from "./common-options.ts";
import { cacheRootOf, terminalReporter } from "./job-options.ts";

interface JobOptions extends CommonOptions {
  readonly run: string;
  readonly scratch?: string;
}

/** Adds `pipeline`: the long tasks of the retraining pipeline, as its containers run them. */
export function addPipelineCommands(program: Command): void {
  const pipeline = program.command("pipeline").description("the retraining pipeline");
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

function parseTask(text: string): JobTask {
  const known = jobTasks.find((task) => task === text);
  if (known !== undefined) return known;
  throw new InvalidArgumentError(`got "${text}"; the tasks are ${jobTasks.join(", ")}.`);
}
