// Installs TensorFlow's native library for training: npm run setup:native [-- --gpu]
// The package is not saved in package.json: it is 600 MB, and training works without it (engine `wasm`).
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { nativePackages, probeNative } from "./engine/probe-native.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const known = new Set(["--cpu", "--gpu", "--no-probe", "--help"]);
const unknown = process.argv.slice(2).filter((argument) => !known.has(argument));
if (unknown.length > 0) fail(`there is no option ${unknown.join(" ")}; use --cpu, --gpu or --no-probe`, 2);
if (process.argv.includes("--help")) {
  process.stdout.write(
    "npm run setup:native            installs @tensorflow/tfjs-node (engine native-cpu)\n" +
      "npm run setup:native -- --gpu   installs @tensorflow/tfjs-node-gpu (engine native-gpu; CUDA 11 and cuDNN 8)\n" +
      "--no-probe                      does not try what it installed, as where no card is seen yet\n" +
      "TFJS_NODE_CDN_STORAGE=https://mirror/ takes libtensorflow from a mirror.\n",
  );
  process.exit(0);
}

const gpu = process.argv.includes("--gpu");
const name = gpu ? nativePackages["native-gpu"] : nativePackages["native-cpu"];
const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const version = peerDependencies[name];

const library = libraryUrl();
const unreachable = await whyUnreachable(library);
if (unreachable !== null) {
  fail(
    `${name} downloads libtensorflow from ${library}, which is not reachable (${unreachable}); ` +
      "set TFJS_NODE_CDN_STORAGE to a mirror, or train with the engine wasm, which needs nothing",
  );
}
const npm = process.platform === "win32" ? "npm.cmd" : "npm";
const flags = ["install", "--no-save", ...omitted(), "--no-audit", "--no-fund", `${name}@${version}`];
const { status, signal, error } = spawnSync(npm, flags, { cwd: root, stdio: ["ignore", 2, 2] });
if (status !== 0) {
  fail(
    `npm could not install ${name}@${version} (${error?.message ?? signal ?? `exit code ${status}`}), see above`,
  );
}
if (process.argv.includes("--no-probe")) process.exit(0);
const result = await probeNative(name);
if (result.kind === "absent") fail(`npm installed no ${name}; see its output above`);
if (result.kind === "broken")
  fail(`${name} is installed but fails: ${result.reason}; training will use wasm`);
if (gpu && !result.gpu) fail(`${name} is installed but finds no graphics card; training will use wasm`);
process.stderr.write(`edgewise: ${name}@${version} works\n`);

/** Where development packages were left out, they stay out. */
function omitted() {
  return existsSync(join(root, "node_modules", "vitest")) ? [] : ["--omit=dev"];
}

/** The archive that the package's install script fetches. */
function libraryUrl() {
  const storage = process.env.TFJS_NODE_CDN_STORAGE ?? "https://storage.googleapis.com/";
  const base = process.env.TFJS_NODE_BASE_URI ?? `${storage}tensorflow/libtensorflow/libtensorflow-`;
  return `${base}${gpu ? "gpu" : "cpu"}-linux-x86_64-2.9.1.tar.gz`;
}

/** One line, or null when the address answers. */
async function whyUnreachable(url) {
  try {
    const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(20_000) });
    return response.ok ? null : `HTTP status ${response.status}`;
  } catch (cause) {
    return cause?.cause?.code ?? cause?.cause?.message ?? cause?.message ?? String(cause);
  }
}

function fail(message, code = 1) {
  process.stderr.write(`edgewise: ${message}\n`);
  process.exit(code);
}
