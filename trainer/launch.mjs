// Runs before anything is installed, so it needs nothing but Node >= 20 and npm: installs what package-lock.json
// names when it is missing, then runs the given script on the project's own Node 22.
// usage: node trainer/launch.mjs SCRIPT [ARG ...]
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const binaries = join(root, "node_modules", ".bin");
const ownNode = join(root, "node_modules", "node", "bin", process.platform === "win32" ? "node.exe" : "node");

const [major = 0] = process.versions.node.split(".").map(Number);
if (major < 20) fail(`Node ${process.versions.node} runs this, at least 20 is needed; install a newer Node`);

const [script, ...scriptArguments] = process.argv.slice(2);
if (script === undefined) fail("no script was named; usage: node trainer/launch.mjs SCRIPT [ARG ...]");

if (!isInstalled()) install();
run(chooseNode());

/** Whether node_modules holds every package that package-lock.json names for this platform, in that version. */
function isInstalled() {
  const installedLock = join(root, "node_modules", ".package-lock.json");
  if (!existsSync(installedLock)) return false;
  const wanted = JSON.parse(readFileSync(join(root, "package-lock.json"), "utf8")).packages;
  const installed = JSON.parse(readFileSync(installedLock, "utf8")).packages;
  return Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || entry.optional || entry.peer || installed[path]?.version === entry.version,
  );
}

function install() {
  process.stderr.write("edgewise: installing its packages (once, about a minute) ...\n");
  const started = Date.now();
  const npm = process.env.npm_execpath;
  // Not `npm ci`: it refuses a lockfile without the binaries of platforms it was not made on, which --no-save leaves be.
  const flags = ["install", "--no-save", "--no-audit", "--no-fund", "--loglevel=error"];
  const result =
    npm !== undefined && existsSync(npm)
      ? spawnSync(process.execPath, [npm, ...flags], { cwd: root, stdio: ["ignore", 2, 2] })
      : spawnSync("npm", flags, { cwd: root, stdio: ["ignore", 2, 2], shell: process.platform === "win32" });
  if (result.status !== 0) {
    fail(
      `npm install ended with ${result.status ?? result.signal ?? result.error?.message}; see its output above`,
    );
  }
  process.stderr.write(`edgewise: installed in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

/** The Node 22 that the package `node` brought, or the running one where it would do. */
function chooseNode() {
  if (existsSync(ownNode)) return ownNode;
  const [runningMajor = 0, runningMinor = 0] = process.versions.node.split(".").map(Number);
  if (runningMajor === 22 && runningMinor >= 18) return process.execPath;
  return fail(
    `the project's own Node 22 is missing (${ownNode}) and Node ${process.versions.node} cannot stand in; ` +
      "run `npm rebuild node` with install scripts allowed, or use Node 22.18 or later of the 22 line",
  );
}

function run(node) {
  const child = spawn(node, [join(root, script), ...scriptArguments], {
    stdio: "inherit",
    env: { ...process.env, PATH: `${binaries}${delimiter}${process.env.PATH ?? ""}` },
  });
  // Ctrl-C reaches the child through the terminal; a signal sent to this process alone is passed on.
  process.on("SIGINT", () => {});
  for (const signal of ["SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.on("error", (error) => fail(`cannot run ${node}: ${error.message}`));
  child.on("exit", (code, signal) => {
    process.exitCode = code ?? (signal === "SIGINT" ? 130 : 1);
  });
}

function fail(message) {
  process.stderr.write(`edgewise: ${message}\n`);
  process.exit(1);
}
