import type { Command } from "commander";
import type { Score } from "../simulation/score.ts";
import type { SimulationResult } from "../simulation/run-simulation.ts";
import { ensureSimulationModel, simulationModel } from "../simulation/simulation-model.ts";
import { openStore } from "../storage/open-store.ts";
import { abortOnSignal } from "../terminal/interrupt.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { percent, sizeText, table } from "../terminal/table.ts";
import { type CommonOptions, parseCount, parsePositive, withCommonOptions } from "./common-options.ts";
import { cacheRootOf, terminalReporter } from "./job-options.ts";

interface SimulateOptions extends CommonOptions {
  readonly cameras: number;
  readonly minutes: number;
  readonly sustain: number;
}

/** Adds `simulate`: cameras that see drawn scenes come and go, and what the Worker tells of them. */
export function addSimulateCommand(program: Command): void {
  const command = program
    .command("simulate")
    .description(
      "let drawn cameras post to the Worker in workerd, and score the changes it tells of; trains a model of the drawn " +
        "scenes first where there is none (some minutes)",
    )
    .option("--cameras <number>", "cameras at a time", parsePositive, 20)
    .option("--minutes <number>", "minutes of a frame a second", parsePositive, 10)
    .option("--sustain <frames>", "frames of each endurance run, 0 for none", parseCount, 20_000);
  withCommonOptions(command, [
    "npm run edgewise -- simulate --json",
    "npm run edgewise -- simulate --cameras 4 --minutes 2 --sustain 0",
    "npm run edgewise -- simulate --model default --seed 7 --minutes 60 --sustain 0 --json",
  ]).action(async (options: SimulateOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    const reporter = terminalReporter(output);
    const model = modelOf(command, options);
    const cacheRoot = cacheRootOf(options);
    const signal = abortOnSignal(output.say);
    const trainedSeconds = await ensureSimulationModel(
      store,
      { model, seed: options.seed, cacheRoot },
      reporter,
      signal,
    );
    // Of an isolate's 128 MB up to 80 are WebAssembly's. Without a limit V8 lets garbage lie, and memory seems to grow.
    process.env["MINIFLARE_WORKERD_V8_FLAGS"] ??= "--max-heap-size=48";
    // Wrangler takes a second to load; --help need not wait for it.
    const { runSimulation } = await import("../simulation/run-simulation.ts");
    const result = await runSimulation(
      store,
      {
        cameras: options.cameras,
        seconds: options.minutes * 60,
        seed: options.seed,
        sustainFrames: options.sustain,
        model,
      },
      reporter,
      signal,
    );
    describe(result, output);
    output.result({ model, trainedSeconds, ...result });
  });
}

/** One of its own unless told: what is served by default may know other things than drawn scenes. */
function modelOf(command: Command, { model }: SimulateOptions): string {
  return command.getOptionValueSource("model") === "default" ? simulationModel : model;
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
  if (sustained !== null) describeSustained(sustained, output);
}

function describeSustained(
  { dedup, noDedup }: NonNullable<SimulationResult["sustained"]>,
  output: Output,
): void {
  for (const [name, run] of [
    ["with dedup", dedup],
    ["without", noDedup],
  ] as const) {
    output.answer(
      `${name}: ${run.framesPerCpuSecond?.toFixed(0) ?? "?"} frames a second of one core; ` +
        `the Worker holds ${signedSize(run.heapGrowthBytes)} at the end, workerd ${signedSize(run.rssGrowthBytes)}`,
    );
  }
}

function signedSize(bytes: number | null): string {
  if (bytes === null) return "?";
  return `${sizeText(Math.abs(bytes))} ${bytes < 0 ? "less" : "more"}`;
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
