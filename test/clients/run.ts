// Public clients of the dialects against the Worker as it would be deployed: NVIDIA's tritonclient for the Open Inference
// Protocol v2, huggingface_hub for Hugging Face's shape. They come from PyPI into a virtual environment of their own, so
// this is no part of `npm test`. usage: npm run test:v2-client
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as z from "zod/mini";
import { projectRoot } from "../../trainer/project-root.ts";
import { startLocalWorker } from "../../trainer/serving/local-worker.ts";
import { buildWorkerArtefact } from "../../trainer/serving/worker-artefact.ts";
import { handMadeBundle, putAlias, putVersion } from "../fixtures/hand-made-bundle.ts";
import { solidPng } from "../fixtures/png.ts";

const environment = join(projectRoot, ".edgewise", "python-clients");
const python = join(environment, "bin", "python");
const here = join(projectRoot, "test", "clients");
const model = "colours";
const tolerance = 1e-5;

const scoresSchema = z.array(z.object({ label: z.string(), score: z.number() }));
const saidSchema = z.object({
  v2: z.object({
    live: z.boolean(),
    ready: z.boolean(),
    modelReady: z.boolean(),
    absentReady: z.boolean(),
    extensions: z.array(z.string()),
    labels: z.array(z.string()),
    recognized: z.array(z.boolean()),
    probabilities: z.array(z.array(z.number())),
    byPixels: z.object({ binary: z.array(z.array(z.number())), json: z.array(z.array(z.number())) }),
    ranked: z.array(z.array(z.string())),
    refusal: z.string(),
  }),
  hf: z.object({ raw: scoresSchema, two: scoresSchema }),
});

const folder = mkdtempSync(join(tmpdir(), "edgewise-clients-"));
try {
  installClients();
  const { v2, hf } = await askServed(folder);
  assert.deepEqual([v2.live, v2.ready, v2.modelReady, v2.absentReady], [true, true, true, false]);
  assert.deepEqual(v2.extensions, ["binary_tensor_data", "classification"]);
  assert.deepEqual(v2.labels, ["red", "blue"]);
  assert.deepEqual(v2.recognized, [true, true]);
  assert.deepEqual(v2.byPixels.binary, v2.byPixels.json);
  closeTo(v2.byPixels.binary[0], v2.probabilities[0]);
  assert.match(v2.ranked[0]?.[0] ?? "", /^0\.9\d+:0:red$/);
  assert.match(v2.refusal, /^404: there is no alias/);
  assert.deepEqual(hf.raw.map(({ label }) => label)[0], "red");
  closeTo([hf.raw[0]?.score ?? 0], v2.probabilities[0]?.slice(0, 1));
  assert.deepEqual(hf.two, hf.raw.slice(0, 2));
  process.stdout.write(
    `tritonclient: files, pixels in binary and JSON, ranks and refusals understood; huggingface_hub: ${hf.raw.length} scores\n`,
  );
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function installClients(): void {
  if (!existsSync(python)) execFileSync("python3", ["-m", "venv", environment], { stdio: "inherit" });
  const requirements = join(here, "requirements.txt");
  execFileSync(
    python,
    ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements],
    {
      stdio: "inherit",
    },
  );
}

async function askServed(work: string): Promise<z.infer<typeof saidSchema>> {
  const red = join(work, "red.png");
  const blue = join(work, "blue.png");
  writeFileSync(red, solidPng(60, 40, [255, 0, 0]));
  writeFileSync(blue, solidPng(60, 40, [0, 0, 255]));
  const worker = await startLocalWorker(await buildWorkerArtefact(join(work, "worker")), {
    port: 0,
    host: "127.0.0.1",
    open: true,
    vars: { MODEL: model, ALIAS_POLL_SECONDS: "0" },
  });
  try {
    const bundle = await handMadeBundle({ model });
    await putVersion(worker.bucket, bundle);
    await putAlias(worker.bucket, bundle);
    // not execFileSync: the Worker answers from this process
    const { stdout } = await promisify(execFile)(python, [
      join(here, "ask.py"),
      worker.url,
      model,
      red,
      blue,
    ]);
    return saidSchema.parse(JSON.parse(stdout));
  } finally {
    await worker.stop();
  }
}

function closeTo(got: readonly number[] | undefined, wanted: readonly number[] | undefined): void {
  assert.equal(got?.length, wanted?.length);
  for (const [i, value] of got?.entries() ?? []) {
    assert.ok(Math.abs(value - (wanted?.[i] ?? Number.NaN)) < tolerance, `${value} against ${wanted?.[i]}`);
  }
}
