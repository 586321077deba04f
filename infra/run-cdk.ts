// npm run synth [-- prod], npm run deploy -- prod, npm run diff -- prod: the CDK command line of the pinned version.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { installInfraPackages } from "./install-packages.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const usage =
  "usage: npm run synth|diff|deploy [-- DEPLOYMENT [STACK ...] [CDK OPTIONS]]; deployments are in infra/config";

const [command = "", ...rest] = process.argv.slice(2);
if (!["synth", "diff", "deploy"].includes(command) || rest.includes("--help")) {
  process.stderr.write(`${usage}\n`);
  process.exit(rest.includes("--help") ? 0 : 2);
}
const named = rest[0] !== undefined && !rest[0].startsWith("-");
const deployment = named ? (rest[0] ?? "") : "dev";
if (!/^[a-z0-9]+$/.test(deployment)) fail(`"${deployment}" is no name of a deployment; ${usage}`);
const options = named ? rest.slice(1) : rest;
const failure = installInfraPackages();
if (failure !== null) fail(failure);

const cdk = fileURLToPath(new URL("node_modules/aws-cdk/bin/cdk", import.meta.url));
const stacks = options.some((option) => !option.startsWith("-")) ? [] : ["--all"];
const { status } = spawnSync(
  process.execPath,
  [
    cdk,
    command,
    ...(command === "synth" ? ["--quiet", ...options] : [...stacks, ...options]),
    // A warning of a check is a fault here.
    "--strict",
    "--app",
    `"${process.execPath}" app.ts ${deployment}`,
    "--output",
    `cdk.out/${deployment}`,
  ],
  { cwd: folder, stdio: "inherit", env: { ...process.env, CDK_DISABLE_CLI_TELEMETRY: "true" } },
);
process.exitCode = status ?? 1;
if (status === 0 && command === "synth" && deployment === "prod") {
  const { writeLocalMachine } = await import("./write-local-machine.ts");
  if (writeLocalMachine(join(folder, "cdk.out", deployment), deployment)) {
    process.stderr.write(
      "the machine of `edgewise pipeline run` has changed; commit it, and format it: npm run format\n",
    );
  }
}

function fail(message: string): never {
  process.stderr.write(`edgewise: ${message}\n`);
  process.exit(1);
}
