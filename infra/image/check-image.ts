// npm run image:check [-- --wheel FILE]: the steps of trainer/Dockerfile without a container engine or a registry, for
// processors: buildah in a chroot, on a base of Debian's packages. What comes out trains, publishes, and refuses what it
// should. Needs root, `apt-get install buildah mmdebstrap`, about five minutes and 10 GB.
import { existsSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { createBuildah, run, type Buildah } from "./buildah.ts";
import { buildBases, projectRoot } from "./bases.ts";

const image = "localhost/edgewise-trainer";
const jobUser = "10001:10001";

const { values } = parseArgs({ options: { wheel: { type: "string" } } });
const folder = mkdtempSync(join(tmpdir(), "edgewise-image-"));
const summarySchema = z.looseObject({ version: z.string() });

async function main(): Promise<void> {
  const wheel = values.wheel === undefined ? null : realpathSync(values.wheel);
  const buildah = createBuildah(join(folder, "storage"));
  const cache = join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "edgewise");
  await mkdir(cache, { recursive: true });
  buildBases(buildah, { work: folder, rootfs: join(cache, "debian-bookworm.tar") });
  build(buildah, wheel);
  await checkRuns(buildah, wheel !== null);
  describe(buildah);
}

function build(buildah: Buildah, wheel: string | null): void {
  const started = Date.now();
  const native = wheel === null ? "--none" : `--wheel /wheels/${basename(wheel)}`;
  buildah([
    "bud",
    "--isolation=chroot",
    "--network=host",
    "--build-arg=BASE_IMAGE=localhost/edgewise-base",
    "--build-arg=NODE_IMAGE=localhost/edgewise-node",
    `--build-arg=NATIVE=${native}`,
    "--build-arg=REQUIRE_GPU=0",
    ...(wheel === null ? [] : [`--volume=${dirname(wheel)}:/wheels:ro`]),
    `--ignorefile=${join(projectRoot, "trainer", "Dockerfile.dockerignore")}`,
    `--file=${join(projectRoot, "trainer", "Dockerfile")}`,
    `--tag=${image}`,
    projectRoot,
  ]);
  process.stdout.write(`built in ${Math.round((Date.now() - started) / 1000)} s\n`);
}

async function checkRuns(buildah: Buildah, native: boolean): Promise<void> {
  const scratch = join(folder, "scratch");
  await mkdir(scratch);
  run(["chown", jobUser, scratch]);
  const container = buildah(["from", "--pull-never", image]).trim();
  const inside = (environment: readonly string[], ...commandLine: string[]) =>
    buildah.attempt([
      "run",
      "--isolation=chroot",
      `--user=${jobUser}`,
      `--volume=${scratch}:/scratch`,
      ...environment.map((entry) => `--env=${entry}`),
      container,
      "--",
      ...commandLine,
    ]);
  const edgewise = (environment: readonly string[], ...commandLine: string[]) =>
    inside(environment, "node", "trainer/cli.ts", ...commandLine);
  expect("the job is not root", inside([], "id", "-u").stdout.trim() === "10001");
  expect("its image is not its to change", inside([], "touch", "/app/trainer/cli.ts").status !== 0);
  expect("its scratch is", inside([], "touch", "/scratch/file").status === 0);
  expect("the packages are listed", inside([], "grep", "-q", "tfjs-core", "sbom.spdx.json").status === 0);
  edgewise([], "dataset", "make", "/scratch/scenes", "--images", "200");
  const engine = native ? "native-cpu" : "wasm";
  const job = ["train", "--data", "/scratch/scenes", "--store", "/scratch/store", "--json"];
  const quick = ["--epochs", "2", "--architecture", "small-cnn", "--size", "32"];
  const trained = edgewise([], ...job, ...quick, "--engine", engine);
  expect("it trains and publishes", trained.status === 0, trained.stderr);
  const { version } = parseJsonWith(
    summarySchema,
    trained.stdout.trim().split("\n").at(-1) ?? "",
    "the answer",
  );
  const manifest = `/scratch/store/models/default/versions/${version}/manifest.json`;
  expect(`engine ${engine} did`, inside([], "grep", "-q", `"engine":"${engine}"`, manifest).status === 0);
  const refused = edgewise(["EDGEWISE_REQUIRE_GPU=1"], ...job, ...quick);
  expect("without a required card it fails", refused.status === 1 && /graphics card/.test(refused.stderr));
}

function expect(what: string, holds: boolean, words = ""): void {
  process.stdout.write(`${holds ? "yes" : "NO "}  ${what}\n`);
  if (holds) return;
  throw new AppError("self_test_failed", `the image is wrong: ${what} does not hold ${words.slice(-2000)}`);
}

/** Prints how large the image is, its layers, and what fills them. */
function describe(buildah: Buildah): void {
  process.stdout.write(buildah(["images", "--format", "{{.Name}} {{.Size}}", image]));
  process.stdout.write(
    buildah([
      "inspect",
      "--type=image",
      "--format",
      "{{range .OCIv1.RootFS.DiffIDs}}layer {{.}}\n{{end}}",
      image,
    ]),
  );
  const container = buildah(["from", "--pull-never", image]).trim();
  const mounted = buildah(["mount", container]).trim();
  for (const path of [
    "usr",
    "app/node_modules",
    "app/node_modules/@tensorflow",
    "app/trainer",
    "app/shared",
  ]) {
    if (existsSync(join(mounted, path)))
      process.stdout.write(run(["du", "-sh", join(mounted, path)]).replace(mounted, ""));
  }
}

try {
  await main();
} catch (error) {
  if (!(error instanceof AppError)) throw error;
  process.stderr.write(`edgewise: ${error.message}\n`);
  process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true, force: true });
}
