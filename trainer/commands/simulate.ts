import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import { defaultAlias } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { Score } from "../simulation/score.ts";
import type { SimulationResult } from "../simulation/run-simulation.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { percent, sizeText, table } from "../terminal/table.ts";
import { type CommonOptions, parseCount, parsePositive, withCommonOptions } from "./common-options.ts";
import { terminalReporter } from "./job-options.ts";

interface SimulateOptions extends CommonOptions {
  readonly cameras: number;
  readonly minutes: number;
  readonly sustain: number;
}

/** Adds `simulate`: cameras that see drawn scenes come and go, and what the Worker tells of them. */
export function addSimulateCommand(program: Command): void {
  const command = program
    .command("simulate")
    .description("let drawn cameras post to the Worker in workerd, and score the changes it tells of")
    .option("--cameras <number>", "cameras at a time", parsePositive, 20)
    .option("--minutes <number>", "minutes of a frame a second", parsePositive, 10)
    .option("--sustain <frames>", "frames of each endurance run, 0 for none", parseCount, 20_000);
  withCommonOptions(command, [
    "npm run edgewise -- simulate --json",
    "npm run edgewise -- simulate --cameras 4 --minutes 2 --sustain 0",
  ]).action(async (options: SimulateOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    if ((await store.head(objectKeys.alias(options.model, defaultAlias))) === null) {
      throw new AppError(
        "not_found",
        `there is no ${options.model}/${defaultAlias} in ${options.store}; run npm start or train first`,
      );
    }
    // Wrangler takes a second to load; --help need not wait for it.
    const { runSimulation } = await import("../simulation/run-simulation.ts");
    const result = await runSimulation(
      store,
      {
        cameras: options.cameras,
        seconds: options.minutes * 60,
        seed: options.seed,
        sustainFrames: options.sustain,
        model: options.model,
      },
      terminalReporter(output),
    );
    describe(result, output);
    output.result({ ...result });
  });
}

function describe(result: SimulationResult, output: Output): void {
  const { cameras, seconds, changes, perFrameTrigger, dedupShare, cameraMonth, sustained } = result;
  output.answer(`${cameras} cameras, ${seconds} frames each, ${changes} changes`);
  const rows = [
    ["", "precision", "recall", "delay p50", "p95", "false alarms a camera-day"],
    ["decided", ...cellsOf(result)],
    ["per frame", ...cellsOf(perFrameTrigger)],
  ];
  for (const line of table(rows)) output.answer(`  ${line}`);
  output.answer(`${percent(dedupShare)} of the frames took over a classification`);
  if (cameraMonth !== null) {
    const { everySecond, everyTenSeconds } = cameraMonth;
    output.answer(
      `a camera costs $${everySecond.total.toFixed(2)} a month at a frame a second, ` +
        `$${everyTenSeconds.total.toFixed(2)} at one in ten`,
    );
  }
  for (const [name, run] of Object.entries(sustained ?? {})) {
    output.answer(
      `${name}: ${run.framesPerCpuSecond?.toFixed(0) ?? "?"} frames a second of one core, ` +
        `${run.rssGrowthBytes === null ? "?" : sizeText(Math.max(0, run.rssGrowthBytes))} more memory at the end`,
    );
  }
}

function cellsOf({ precision, recall, delayFrames, falseAlarmsPerCameraDay }: Score): string[] {
  return [
    percent(precision),
    percent(recall),
    String(delayFrames.p50),
    String(delayFrames.p95),
    falseAlarmsPerCameraDay.toFixed(1),
  ];
}
