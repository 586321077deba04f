// The whole proof in one command: lint, format, types, then every test; ends with what failed, by name, and one plain line of figures.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { installInfraPackages } from "../infra/install-packages.ts";

const withoutInfra = installInfraPackages();

const checks: Readonly<Record<string, readonly (readonly string[])[]>> = {
  lint: [["oxlint", "--type-aware", ...(withoutInfra === null ? [] : ["--ignore-pattern", "infra/**"])]],
  format: [["oxfmt", "--check"]],
  types: [
    "shared",
    "trainer",
    "edge",
    "edge/bridge",
    "edge/console",
    "trainer/report/page",
    "test",
    "test/edge/workerd",
    "test/bench",
  ]
    .concat(withoutInfra === null ? ["infra"] : [])
    .map((project) => ["tsc", "-p", project]),
};

const reportSchema = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  numPendingTests: z.number(),
  testResults: z.array(
    z.object({
      assertionResults: z.array(
        z.object({ fullName: z.string(), status: z.string(), failureMessages: z.array(z.string()) }),
      ),
    }),
  ),
});

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" } },
});
const wanted = values.only?.split(",") ?? [...Object.keys(checks), "vitest"];

if (withoutInfra !== null) process.stdout.write(`infra is not checked: ${withoutInfra}\n`);

let passed = 0;
const failures: string[] = [];
let skipped = 0;

for (const [name, commands] of Object.entries(checks)) {
  if (!wanted.includes(name)) continue;
  for (const command of commands) {
    if (runs(command)) passed++;
    else failures.push(command.join(" "));
  }
}
if (wanted.includes("vitest")) runVitest();

if (skipped > 0) process.stdout.write(`${skipped} skipped: what they need is not on this machine\n`);
for (const failure of failures) process.stdout.write(`failed: ${failure}\n`);
process.stdout.write(`${passed} passed, ${failures.length} failed\n`);
process.exitCode = failures.length > 0 ? 1 : 0;

function runs([program = "", ...programArguments]: readonly string[]): boolean {
  process.stdout.write(`\n> ${[program, ...programArguments].join(" ")}\n`);
  return spawnSync(program, programArguments, { stdio: "inherit" }).status === 0;
}

function runVitest(): void {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-test-"));
  const report = join(folder, "report.json");
  const finished = runs([
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
    ...positionals,
  ]);
  try {
    const figures = reportSchema.parse(JSON.parse(readFileSync(report, "utf8")));
    passed += figures.numPassedTests;
    skipped += figures.numPendingTests;
    for (const file of figures.testResults) {
      for (const { fullName, status, failureMessages } of file.assertionResults) {
        const told = `${fullName}: ${failureMessages[0]?.split("\n")[0] ?? "no message"}`;
        if (status === "failed") failures.push(told);
        else if (status === "passed" && failureMessages.length > 0) {
          process.stdout.write(`passed at the second try only: ${told}\n`);
        }
      }
    }
    if (!finished && figures.numFailedTests === 0) {
      failures.push("vitest: a file did not load, or an error outside any test");
    }
  } catch (error) {
    failures.push(`vitest left no report: ${String(error)}`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
