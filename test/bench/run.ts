// How fast edgewise is beside its peers, in one run: decode, inference, one training step.
// usage: npm run bench -- [--json] [--only decode,inference,training]
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { installPeers } from "./install-peers.ts";
import { describeMachine } from "./machine.ts";
import { formatResult, ratiosOf } from "./report.ts";
import type { Result } from "./suite.ts";
import { suites } from "./suites.ts";

const { values } = parseArgs({
  options: { json: { type: "boolean", default: false }, only: { type: "string" } },
});
const wanted = values.only?.split(",") ?? Object.keys(suites);
const strangers = wanted.filter((name) => !(name in suites));
if (strangers.length > 0) {
  process.stderr.write(`--only ${strangers.join(",")}: choose of ${Object.keys(suites).join(", ")}\n`);
  process.exit(2);
}

installPeers();
const folder = mkdtempSync(join(tmpdir(), "edgewise-bench-"));
const results: Result[] = [];
try {
  print(describeMachine());
  for (const name of wanted) {
    await suites[name]?.({
      folder,
      report: (result) => {
        results.push(result);
        print(formatResult(result));
      },
    });
  }
  print(describeMachine());
  if (values.json) process.stdout.write(`${JSON.stringify(ratiosOf(results))}\n`);
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** For people; with --json stdout is left to the ratios. */
function print(text: string): void {
  (values.json ? process.stderr : process.stdout).write(`${text}\n`);
}
