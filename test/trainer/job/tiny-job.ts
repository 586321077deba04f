import { createHash } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { openEmbedder } from "../../../trainer/backbones/embedder.ts";
import { readFeatures } from "../../../trainer/backbones/feature-graph.ts";
import type { OpenBackbone } from "../../../trainer/backbones/open-backbone.ts";
import { type Backbone, backboneOf } from "../../../trainer/backbones/registry.ts";
import { indexDataset } from "../../../trainer/data/dataset-index.ts";
import { openWasmEngine } from "../../../trainer/engine/wasm-engine.ts";
import { startDeadline } from "../../../trainer/job/deadline.ts";
import type { Reporter } from "../../../trainer/job/reporter.ts";
import { createStageTimes } from "../../../trainer/job/stage-times.ts";
import type { TrainingJob } from "../../../trainer/job/trained-classifier.ts";
import { twoClasses, writeFiles } from "../data/small-dataset.ts";
import { type TinyTflite, tinyTflite } from "../import/tiny-tflite.ts";

/** A reporter that says nothing. */
export const silent: Reporter = {
  say: () => undefined,
  progress: () => ({ update: () => undefined, end: () => undefined }),
};

/** A folder with a small labelled dataset in `images`. */
export async function tinyDatasetFolder(imagesEach = 16): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "edgewise-job-"));
  await writeFiles(join(folder, "images"), twoClasses(imagesEach));
  return folder;
}

/** A job on the dataset of such a folder, with a store in memory. */
export async function tinyJob(folder: string, runId = "run-1"): Promise<TrainingJob> {
  const cacheRoot = join(folder, "cache");
  return {
    dataset: await indexDataset({ path: join(folder, "images"), cacheRoot, threads: 1 }),
    engine: await openWasmEngine(),
    seed: 1,
    runId,
    store: createMemoryStore(),
    cacheRoot,
    deadline: startDeadline(null),
    times: createStageTimes(),
    signal: new AbortController().signal,
    workers: 1,
  };
}

/** A backbone of seeded weights and its file. */
export function tinyBackbone(): { readonly backbone: Backbone; readonly tflite: TinyTflite } {
  const tflite = tinyTflite("uint8");
  const backbone = {
    ...backboneOf("mobilenet-v1-0.25-128"),
    name: "tiny",
    sha256: createHash("sha256").update(tflite.file).digest("hex"),
    size: 9,
    embeddingSize: 4,
  };
  return { backbone, tflite };
}

/** That backbone, loaded. */
export async function openTinyBackbone(): Promise<OpenBackbone> {
  const { backbone, tflite } = tinyBackbone();
  const features = readFeatures(backbone, tflite.file);
  return { features, embedder: await openEmbedder(features) };
}
