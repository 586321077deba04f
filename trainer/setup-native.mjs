// Installs TensorFlow's native library for training: npm run setup:native [-- --gpu]
// The package is not saved in package.json: it is 600 MB, and training works without it (engine `wasm`).
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isAppError } from "../shared/contract/errors.ts";
import { nativePackages, probeNative } from "./engine/probe-native.ts";
import { buildAddon } from "./native/build-addon.ts";
import { downloadArchive, fileSha256, libraryArchive } from "./native/library-archive.ts";
import { placeArchive, placeWheel } from "./native/place-library.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const options = readOptions();
if (options.help) {
  process.stdout.write(
    "npm run setup:native            installs @tensorflow/tfjs-node (engine native-cpu)\n" +
      "npm run setup:native -- --gpu   installs @tensorflow/tfjs-node-gpu (engine native-gpu; CUDA 11 and cuDNN 8)\n" +
      "--wheel FILE                    takes the library from a wheel of Python's tensorflow-cpu:\n" +
      "                                pip download --no-deps tensorflow-cpu\n" +
      "--none                          installs nothing, for an image that trains by the engine wasm\n" +
      "--no-probe                      does not try what it installed, as where no card is seen yet\n" +
      "TFJS_NODE_CDN_STORAGE=https://mirror/ takes libtensorflow from a mirror.\n" +
      "The library is compared with its digest, the addon is compiled: g++, make and python3 are needed.\n",
  );
  process.exit(0);
}

if (options.none) process.exit(0);
const kind = options.gpu ? "gpu" : "cpu";
const name = nativePackages[`native-${kind}`];
const { peerDependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const version = peerDependencies[name];
const work = mkdtempSync(join(tmpdir(), "edgewise-native-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));

try {
  const library = options.wheel ?? (await download());
  const packageFolder = installPackage();
  const deps = join(packageFolder, "deps");
  await (options.wheel === undefined ? placeArchive(library, deps) : placeWheel(library, deps));
  buildAddon(packageFolder, npmCli());
} catch (error) {
  fail(isAppError(error) ? error.message : String(error?.stack ?? error));
}
if (options["no-probe"]) process.exit(0);
const result = await probeNative(name);
if (result.kind === "absent") fail(`npm installed no ${name}; see its output above`);
if (result.kind === "broken")
  fail(`${name} is installed but fails: ${result.reason}; training will use wasm`);
if (options.gpu && !result.gpu)
  fail(`${name} is installed but finds no graphics card; training will use wasm`);
process.stderr.write(`edgewise: ${name}@${version} works\n`);

function readOptions() {
  const boolean = { type: "boolean", default: false };
  try {
    const { values } = parseArgs({
      options: {
        cpu: boolean,
        gpu: boolean,
        none: boolean,
        "no-probe": boolean,
        help: boolean,
        wheel: { type: "string" },
      },
    });
    const { wheel } = values;
    if (wheel !== undefined && values.gpu) fail("a wheel of tensorflow-cpu knows no --gpu", 2);
    if (typeof wheel === "string" && !existsSync(wheel)) fail(`there is no file ${wheel}`);
    return values;
  } catch (error) {
    const [, unknown] = /'(-[^']*)'/.exec(error.message) ?? [];
    return fail(`there is no option ${unknown ?? error.message}; use --cpu, --gpu, --wheel or --no-probe`, 2);
  }
}

/** The archive of the library, compared with its digest. */
async function download() {
  const archive = libraryArchive(kind, process.env);
  const file = join(work, "libtensorflow.tar.gz");
  try {
    await downloadArchive(archive, file);
  } catch (error) {
    if (!isAppError(error, "store_unavailable")) throw error;
    fail(
      `${name} needs libtensorflow from ${archive.url}, which is not reachable (${error.message}); ` +
        "set TFJS_NODE_CDN_STORAGE to a mirror, give a --wheel, or train with the engine wasm, which needs nothing",
    );
  }
  process.stderr.write(`edgewise: libtensorflow ${await fileSha256(file)}\n`);
  return file;
}

/** The package without its install script, which would download what nobody has compared. */
function installPackage() {
  const omitted = existsSync(join(root, "node_modules", "vitest")) ? [] : ["--omit=dev"];
  // As a dependency: npm takes an optional peer, which this is in package.json, for installed when it is not.
  const flags = [
    "install",
    "--no-save",
    "--save-prod",
    ...omitted,
    "--ignore-scripts",
    "--no-audit",
    "--no-fund",
  ];
  const { status } = spawnSync(process.execPath, [npmCli(), ...flags, `${name}@${version}`], {
    cwd: root,
    stdio: ["ignore", 2, 2],
  });
  if (status !== 0) fail(`npm could not install ${name}@${version} (exit code ${status}), see above`);
  return join(root, "node_modules", name);
}

/** The npm that runs this, else the one on the PATH. */
function npmCli() {
  const own = process.env.npm_execpath;
  if (own !== undefined && own.endsWith("npm-cli.js")) return own;
  const folder = (process.env.PATH ?? "").split(delimiter).find((entry) => existsSync(join(entry, "npm")));
  return folder === undefined
    ? fail("there is no npm on the PATH; install Node with npm")
    : realpathSync(join(folder, "npm"));
}

function fail(message, code = 1) {
  process.stderr.write(`edgewise: ${message}\n`);
  process.exit(code);
}
