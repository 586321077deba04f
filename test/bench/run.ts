// How fast edgewise is beside its peers, in one run: decode, inference, the whole Worker, one training step.
// usage: npm run bench -- [--json] [--only decode,inference,integers,limits,worker,training,stages]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installPeers } from "./install-peers.ts";
import { describeMachine } from "./machine.ts";
import { formatFigure, formatResult, ratiosOf } from "./report.ts";
import type { Figure, Result } from "./suite.ts";
import { suites } from "./suites.ts";

const { json, wanted } = readOptions();
installPeers();
const folder = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
const results: Result[] = [];
const figures: Figure[] = [];
try {
  print(describeMachine());
  for (const name of wanted) {
    await suites[name]?.({
      folder,
      report: (result) => {
        results.push(result);
        print(formatResult(result));
      },
      note: (figure) => {
        figures.push(figure);
        print(formatFigure(figure));
      },
    });
  }
  print(describeMachine());
  if (json) {
    const values = figures.map(({ name, value }) => [name, Number(value.toPrecision(4))]);
    process.stdout.write(`${JSON.stringify({ ...ratiosOf(results), ...Object.fromEntries(values) })}\n`);
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Ends the process with code 2 when they are wrong. */
function readOptions(): { json: boolean; wanted: readonly string[] } {
  try {
    const { values } = parseArgs({
      options: { json: { type: "boolean", default: false }, only: { type: "string" } },
    });
    const names = values.only?.split(",") ?? Object.keys(suites);
    const stranger = names.find((name) => !(name in suites));
    if (stranger !== undefined) {
      throw new Error(`--only ${stranger}: choose of ${Object.keys(suites).join(", ")}`);
    }
    return { json: values.json, wanted: names };
  } catch (error) {
    process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
    return process.exit(2);
  }
}

/** For people; with --json stdout is left to the ratios. */
function print(text: string): void {
  (json ? process.stderr : process.stdout).write(`${text}\n`);
}
