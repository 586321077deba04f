// npm run gpu:smoke: a few epochs on the graphics card and the same ones on the WASM engine, losses and speeds beside
// each other; the first thing to run on a new kind of machine. Exit code 1 when the card is not used or the losses part.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { AppError } from "../../shared/contract/errors.ts";
import { indexDataset } from "../data/dataset-index.ts";
import { loadSplit } from "../data/image-loader.ts";
import type { ImageSet } from "../data/image-set.ts";
import { makeSampleDataset } from "../data/sample/make-sample-dataset.ts";
import type { Engine } from "../engine/engine.ts";
import { openEngine } from "../engine/open-engine.ts";
import { inputSpecFor, pixelSpec } from "../training/input-spec.ts";
import { buildModel } from "../model/build-model.ts";
import { describeFailure } from "../terminal/output.ts";
import { table } from "../terminal/table.ts";
import { planTraining } from "../training/defaults.ts";
import { trainModel } from "../training/train-model.ts";
import type { EpochMetrics } from "../training/training-request.ts";

const size = 96;
const seed = 1;
/** Steps after which both must still agree closely. Each sums in another order, and Adam amplifies what is tiny. */
const closeSteps = 5;
/** Nats, of the mean loss of the first steps. */
const closeTolerance = 2e-3;
/** Nats, of an epoch's mean. */
const tolerance = 0.1;

interface SmokeRun {
  readonly engine: string;
  /** Mean loss of the first steps. */
  readonly firstLoss: number;
  readonly epochs: readonly EpochMetrics[];
  /** Of all epochs but the first, in which kernels may be compiled. */
  readonly imagesPerSecond: number;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`edgewise: ${describeFailure(error, false)}\n`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      cpu: { type: "boolean", default: false },
      images: { type: "string", default: "800" },
      epochs: { type: "string", default: "4" },
    },
  });
  const name = values.cpu ? "native-cpu" : "native-gpu";
  const engine = await openEngine(name);
  if (engine.name !== name) throw new AppError("engine_unavailable", engine.notices.join("; "));
  const folder = await mkdtemp(join(tmpdir(), "edgewise-smoke-"));
  try {
    const sets = await drawSets(folder, Number(values.images));
    const native = await run(engine, sets, Number(values.epochs));
    const wasm = await run(await openEngine("wasm"), sets, Number(values.epochs));
    report(native, wasm);
  } finally {
    await rm(folder, { recursive: true });
  }
}

interface Sets {
  readonly train: ImageSet;
  readonly validation: ImageSet;
  readonly images: Parameters<typeof planTraining>[0];
}

async function drawSets(folder: string, images: number): Promise<Sets> {
  const root = join(folder, "scenes");
  await makeSampleDataset({ root, seed, images });
  const dataset = await indexDataset({ path: root, cacheRoot: folder });
  const load = (split: "train" | "validation"): Promise<ImageSet> =>
    loadSplit(dataset, split, pixelSpec(size));
  return { train: await load("train"), validation: await load("validation"), images: dataset.manifest };
}

async function run(engine: Engine, { train, validation, images }: Sets, epochs: number): Promise<SmokeRun> {
  const plan = planTraining(images, { architecture: "mobilenet-v1", size, width: 0.25, epochs }, seed);
  await engine.activate();
  const model = buildModel(plan.architecture, { size, classes: train.classes, seed, width: plan.width });
  const metrics: EpochMetrics[] = [];
  const ends: number[] = [];
  let firstLoss = NaN;
  try {
    await trainModel({
      engine,
      model,
      train,
      validation,
      inputSpec: inputSpecFor(pixelSpec(size), train),
      config: plan.training,
      onProgress: ({ step, loss }) => {
        if (step === closeSteps) firstLoss = loss;
      },
      onMetrics: (epoch) => {
        metrics.push(epoch);
        ends.push(performance.now());
      },
    });
  } finally {
    model.dispose();
  }
  const seconds = ((ends.at(-1) ?? 0) - (ends[0] ?? 0)) / 1000;
  const visits = (ends.length - 1) * (train.labels.length + validation.labels.length);
  return { engine: engine.name, firstLoss, epochs: metrics, imagesPerSecond: visits / seconds };
}

function report(native: SmokeRun, wasm: SmokeRun): void {
  const rows = native.epochs.map(({ epoch, trainLoss, validationTop1Accuracy }, i) => [
    String(epoch + 1),
    trainLoss.toFixed(4),
    wasm.epochs[i]?.trainLoss.toFixed(4) ?? "",
    validationTop1Accuracy.toFixed(3),
    wasm.epochs[i]?.validationTop1Accuracy.toFixed(3) ?? "",
  ]);
  const head = ["epoch", `loss ${native.engine}`, "loss wasm", `accuracy ${native.engine}`, "accuracy wasm"];
  for (const line of table([head, ...rows])) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${native.engine} ${native.imagesPerSecond.toFixed(0)} images/s, ` +
      `wasm ${wasm.imagesPerSecond.toFixed(0)} images/s, validation included\n`,
  );
  const close = Math.abs(native.firstLoss - wasm.firstLoss);
  const largest = Math.max(
    ...native.epochs.map(({ trainLoss }, i) => Math.abs(trainLoss - (wasm.epochs[i]?.trainLoss ?? Infinity))),
  );
  process.stdout.write(
    `losses differ by ${close.toExponential(1)} after ${closeSteps} steps, by ${largest.toFixed(3)} in an epoch\n`,
  );
  if (close <= closeTolerance && largest <= tolerance) return;
  throw new AppError(
    "self_test_failed",
    `${native.engine} does not compute what wasm computes: ${closeTolerance} is allowed after ${closeSteps} steps, ` +
      `${tolerance} in an epoch; do not train here`,
  );
}
