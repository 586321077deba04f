// npm run cost [-- dev]: what a deployment costs a month, by the resources that its synthesis has.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { AppError } from "../../shared/contract/errors.ts";
import { deploymentNamed } from "../config/deployments.ts";
import { installInfraPackages } from "../install-packages.ts";
import { parseTemplate, type Template } from "../local-machine.ts";
import {
  type CostLine,
  idleCost,
  servingCost,
  totalOf,
  trainingCost,
  type Workload,
} from "./monthly-cost.ts";
import { prices } from "./prices.ts";

const infra = fileURLToPath(new URL("..", import.meta.url));
const workload: Workload = {
  recordGb: 20,
  imageGb: 4,
  trainings: 30,
  hoursATraining: 1,
  spotShare: 0.9,
  requests: 30e6,
  cpuMsARequest: 4,
};

try {
  const [name = "prod"] = process.argv.slice(2);
  const { network, training, models } = deploymentNamed(name);
  const failure = installInfraPackages();
  if (failure !== null) throw new AppError("internal", failure);
  const trained = trainingCost(workload, training.scratchGib, models.length).filter(
    ({ what }) => network === "public-egress" || what !== "their addresses",
  );
  process.stdout.write(`${name}, US dollars a month at list prices of ${prices.notedOn}\n`);
  print("idle", idleCost(synthesise(name), workload));
  print(`one training a day, ${workload.hoursATraining} hour each, adds`, trained);
  print("a million classifications a day", servingCost(workload));
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`edgewise: ${error.message}\n`);
  process.exitCode = 1;
}

function synthesise(name: string): Template[] {
  const folder = mkdtempSync(join(tmpdir(), "edgewise-cost-"));
  try {
    const { status } = spawnSync(process.execPath, ["app.ts", name, folder], {
      cwd: infra,
      stdio: ["ignore", "ignore", "inherit"],
    });
    if (status !== 0) throw new AppError("internal", `deployment ${name} cannot be synthesised, see above`);
    return readdirSync(folder)
      .filter((file) => file.endsWith(".template.json"))
      .map((file) => parseTemplate(JSON.parse(readFileSync(join(folder, file), "utf8"))));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function print(title: string, lines: readonly CostLine[]): void {
  process.stdout.write(`\n${title.padEnd(54)}${totalOf(lines).toFixed(2).padStart(10)}\n`);
  for (const { what, how, dollars } of lines) {
    process.stdout.write(`  ${what.padEnd(22)}${how.padEnd(30)}${dollars.toFixed(2).padStart(10)}\n`);
  }
}
