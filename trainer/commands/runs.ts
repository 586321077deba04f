import type { Command } from "commander";
import { AppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { compareRuns, type ComparedValue, weightBytes } from "../job/compare-runs.ts";
import { describeRunPlan, evaluationOf, findRun, listRuns, type RecordedRun } from "../job/list-runs.ts";
import { openStore } from "../storage/open-store.ts";
import { createOutput, type Output } from "../terminal/output.ts";
import { percent, sizeText, table } from "../terminal/table.ts";
import { type CommonOptions, withCommonOptions } from "./common-options.ts";

interface RunsOptions extends CommonOptions {
  readonly compare: boolean;
}

/** Adds `runs`: what was trained in this store, and two of them side by side. */
export function addRunsCommand(program: Command): void {
  const command = program
    .command("runs")
    .description("list the runs of the store, or set two side by side; train --run <id> goes on with one")
    .argument("[runs...]", "names of two runs, with --compare")
    .option("--compare", "set two runs side by side: settings that differ, and results", false);
  withCommonOptions(command, [
    "npm run edgewise -- runs",
    "npm run edgewise -- runs --compare 20260131T235959Z-1f9c 20260201T101500Z-77aa",
    "npm run edgewise -- train --run 20260131T235959Z-1f9c",
  ]).action(async (names: readonly string[], options: RunsOptions) => {
    const output = createOutput(options.json);
    const store = await openStore(options.store);
    if (options.compare || names.length > 0) return showComparison(store, names, output);
    showList(await listRuns(store), options.store, output);
  });
}

function showList(runs: readonly RecordedRun[], store: string, output: Output): void {
  if (runs.length === 0) output.say(`no run in ${store}; train makes one`);
  const rows = runs.map((run) => {
    const metrics = run.manifest?.metrics ?? null;
    return [
      run.runId,
      run.manifest?.model ?? run.config?.model ?? "-",
      describeRunPlan(run),
      bestValidation(run),
      metrics === null ? "-" : percent(metrics.bundle.top1Accuracy),
      run.manifest === null ? "-" : sizeText(weightBytes(run)),
      run.manifest?.version ?? "not published",
    ];
  });
  const heading = ["run", "model", "plan", "validation", "test", "weights", "version"];
  for (const line of rows.length === 0 ? [] : table([heading, ...rows])) output.answer(line);
  output.result({
    runs: runs.map((run) => ({
      runId: run.runId,
      config: run.config,
      epochs: run.epochs.length,
      version: run.manifest?.version ?? null,
      model: run.manifest?.model ?? null,
      top1Accuracy: run.manifest?.metrics?.bundle.top1Accuracy ?? null,
    })),
  });
}

async function showComparison(store: ObjectStore, names: readonly string[], output: Output): Promise<void> {
  const [first, second, ...more] = names;
  if (first === undefined || second === undefined || more.length > 0) {
    throw new AppError(
      "invalid_argument",
      `got ${names.length} runs to compare, 2 are needed; runs lists them`,
    );
  }
  const [one, other] = await Promise.all(
    [first, second].map(async (name) => {
      const run = await findRun(store, name);
      return { run, evaluation: await evaluationOf(store, run) };
    }),
  );
  if (one === undefined || other === undefined) throw new AppError("internal", "a run got lost");
  const comparison = compareRuns(one, other);
  const lines = table([
    ["", first, second, ""],
    ["settings that differ", "", "", ""],
    ...comparison.settings.map(comparedRow),
    ["results", "", "", ""],
    ...comparison.results.map(comparedRow),
  ]);
  for (const line of lines) output.answer(line);
  if (!comparison.sameImages)
    output.answer("trained on different images: their accuracies are not comparable");
  else if (comparison.isClear === false)
    output.answer("the 95 % intervals of top-1 overlap: the difference may be chance");
  output.result({ runs: [first, second], ...comparison });
}

function comparedRow({ name, one, other }: ComparedValue): string[] {
  return [name, shown(one), shown(other), difference(one, other)];
}

function bestValidation({ epochs }: RecordedRun): string {
  const best = epochs.findLast((epoch) => epoch.best);
  return best === undefined ? "-" : percent(best.validationTop1Accuracy);
}

function shown(value: string | number | null): string {
  if (value === null) return "-";
  return typeof value === "number" && !Number.isInteger(value) ? value.toFixed(4) : String(value);
}

function difference(one: string | number | null, other: string | number | null): string {
  if (typeof one !== "number" || typeof other !== "number") return "";
  const change = other - one;
  return `${change >= 0 ? "+" : ""}${Number.isInteger(change) ? change : change.toFixed(4)}`;
}
