import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Command } from "commander";
import { Cron } from "croner";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith, parseWith } from "../../shared/contract/parse.ts";
import {
  type RetrainRequest,
  retrainRequestSchema,
  retrainSettingsSchema,
} from "../../shared/contract/pipeline.ts";
import { loadMachine } from "../pipeline/local/load-machine.ts";
import type { LocalRunEnd } from "../pipeline/local/run-machine.ts";
import { abortOnSignal, untilAborted } from "../terminal/interrupt.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { type CommonOptions, parseName, parseCount, withCommonOptions } from "./common-options.ts";
import { cacheRootOf } from "./job-options.ts";
import * as z from "zod/mini";

interface RunOptions extends CommonOptions {
  readonly dataset?: string;
  readonly settings?: string;
  readonly serving?: string;
  readonly machine?: string;
  readonly force: boolean;
  readonly canary: boolean;
  readonly wait?: number;
}

interface Given {
  readonly given: (name: "model" | "dataset" | "seed") => boolean;
}

interface ScheduleOptions extends RunOptions {
  readonly cron: string;
}

/** Adds `pipeline run` and `pipeline schedule`: the whole retraining pipeline on this machine. */
export function addPipelineRunCommands(pipeline: Command): void {
  const run = withRunOptions(
    pipeline.command("run").description("retrain once: the same state machine that a deployment on AWS runs"),
  ).option("--force", "train although nothing new has come", false);
  withCommonOptions(run, [
    "npm run edgewise -- dataset upload photos/ --name gate",
    "npm run edgewise -- pipeline run --model gate --dataset gate",
    "npm run edgewise -- pipeline run --model gate --settings gate.json --force --json",
  ]).action(async (options: RunOptions, self: Command) => {
    const output = createOutput(options.json);
    const end = await runOnce(
      { ...options, given: givenBy(self) },
      "manual",
      output,
      abortOnSignal(output.say),
    );
    for (const line of (end.report?.message ?? end.failure ?? end.ended).split("\n")) output.answer(line);
    output.result({ ...end });
    if (end.ended !== "succeeded") {
      throw new AppError(
        "interrupted",
        `the pipeline ${end.ended}: ${end.failure ?? "run it again to go on"}`,
      );
    }
  });
  const schedule = withRunOptions(
    pipeline
      .command("schedule")
      .description("retrain on a schedule until Ctrl-C; a run that still goes on is not joined by another"),
  ).requiredOption("--cron <pattern>", "minute hour day month weekday, in this machine's time zone");
  withCommonOptions(schedule, [
    'npm run edgewise -- pipeline schedule --cron "0 3 * * *" --model gate --dataset gate',
  ]).action((options: ScheduleOptions, self: Command) => runOnSchedule({ ...options, given: givenBy(self) }));
}

/** Flags that were given, which win over the file. */
function givenBy(self: Command): Given["given"] {
  return (name) => self.getOptionValueSource(name) === "cli";
}

function withRunOptions(command: Command): Command {
  return command
    .option(
      "--dataset <name>",
      "the dataset, as `dataset upload` names it (default: the model's name)",
      parseName,
    )
    .option("--settings <file>", "JSON file of the settings of retraining; the README tells them")
    .option("--serving <place>", "the store that Workers read (default: --store)")
    .option("--machine <file>", "another synthesised pipeline")
    .option("--canary", "try a challenger on a part of the callers first, as the settings say", false)
    .option("--wait <seconds>", "wait so long between two looks at a canary", parseCount);
}

async function runOnSchedule(options: ScheduleOptions & Given): Promise<void> {
  const output = createOutput(options.json);
  const signal = abortOnSignal(output.say);
  const job = scheduleOf(options.cron, async () => {
    try {
      const end = await runOnce(options, "schedule", output, signal);
      output.answer(end.report?.message ?? end.failure ?? end.ended);
      output.result({ ...end });
    } catch (error) {
      // The next run may find the world in order again.
      output.say(`retraining failed: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
  output.say(`next run: ${job.nextRun()?.toString() ?? "never"}`);
  await untilAborted(signal);
  job.stop();
}

function scheduleOf(pattern: string, work: () => Promise<void>): Cron {
  try {
    return new Cron(pattern, { protect: true }, work);
  } catch (cause) {
    throw new AppError(
      "invalid_argument",
      `"${pattern}" is no schedule; give five fields, as in "0 3 * * *" for every night at three`,
      { cause },
    );
  }
}

async function runOnce(
  options: RunOptions & Given,
  trigger: RetrainRequest["trigger"],
  output: Output,
  signal: AbortSignal,
): Promise<LocalRunEnd> {
  const settings = await readSettings(options);
  const request = parseWith(
    retrainRequestSchema,
    { settings, trigger, force: options.force ?? false },
    "the request",
  );
  const store = localPath(options.store);
  // The interpreter brings a client for AWS, which --help need not load.
  const { runMachine } = await import("../pipeline/local/run-machine.ts");
  return runMachine(
    {
      machine: await loadMachine(options.machine),
      place: {
        store,
        serving: options.serving === undefined ? store : localPath(options.serving),
        scratch: resolve(join(cacheRootOf(options), "pipeline")),
      },
      request,
      signal,
      ...(options.wait === undefined ? {} : { waitSeconds: options.wait }),
    },
    {
      say: output.say,
      hear: (text) => {
        process.stderr.write(text);
      },
      notify: ({ subject, message }) =>
        output.say(message.startsWith(subject) ? message : `${subject}\n${message}`),
    },
  );
}

/** Defaults, then the file, then the flags. */
async function readSettings(options: RunOptions & Given): Promise<RetrainRequest["settings"]> {
  const file = options.settings === undefined ? {} : await readSettingsFile(options.settings);
  const { model, seed, dataset = model } = options;
  const defaults = { model, seed, dataset };
  const flags = Object.fromEntries(
    (["model", "seed", "dataset"] as const)
      .filter((name) => options.given(name))
      .map((name) => [name, defaults[name]]),
  );
  return parseWith(
    retrainSettingsSchema,
    { ...defaults, ...file, ...flags, ...(options.canary ? {} : { canaryFraction: 0 }) },
    "the settings of retraining",
  );
}

async function readSettingsFile(path: string): Promise<Readonly<Record<string, unknown>>> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (cause) {
    throw new AppError("invalid_argument", `cannot read ${path}; name a JSON file of settings`, { cause });
  }
  return parseJsonWith(z.record(z.string(), z.unknown()), text, path);
}

/** Tasks run in other folders' processes: a folder is named from the root. */
function localPath(place: string): string {
  return place.includes("://") ? place : resolve(place);
}
