import type { Command } from "commander";
import { defaultAlias } from "../../shared/contract/names.ts";
import { reportRun } from "../job/report-run.ts";
import { runJob } from "../job/run-job.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal } from "../terminal/interrupt.ts";
import { createOutput } from "../terminal/output.ts";
import { parseName, parseRunId, withCommonOptions } from "./common-options.ts";
import {
  describeJob,
  jobRequest,
  jobSummary,
  type JobOptions,
  terminalReporter,
  withJobOptions,
} from "./job-options.ts";

interface TrainOptions extends JobOptions {
  readonly alias: string;
  readonly promote: boolean;
  readonly run?: string;
}

/** Adds `train`: the whole release, from images to a promoted version. */
export function addTrainCommand(program: Command): void {
  const command = withJobOptions(
    program
      .command("train")
      .description("train, evaluate, calibrate, compile, quantise, verify, publish and promote a model")
      .option("--alias <name>", "the alias to promote to", parseName, defaultAlias)
      .option("--no-promote", "publish only; promote it later with `edgewise promote`")
      .option("--run <id>", "name of the run; the same name goes on where it was interrupted", parseRunId),
  );
  withCommonOptions(command, [
    "npm run edgewise -- train",
    "npm run edgewise -- train --data photos.zip --model gate --epochs 40",
    "npm run edgewise -- train --data photos/ --no-promote --json",
    "npm run edgewise -- train --data frames/ --group-by sequence",
  ]).action(async (options: TrainOptions) => {
    const output = createOutput(options.json);
    const alias = options.promote ? options.alias : null;
    const request = jobRequest(options, { alias, by: "edgewise train", runId: options.run });
    const store = await openStore(options.store);
    const reporter = terminalReporter(output);
    const result = await runJob(request, store, reporter, abortOnSignal(output.say));
    for (const line of describeJob(result)) output.answer(line);
    if (options.report) await reportRun(result, store, reporter);
    output.result(jobSummary(result));
  });
}
