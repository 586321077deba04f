import { join } from "node:path";
import { type RetrainSettings, retrainSettingsSchema } from "../../../shared/contract/pipeline.ts";
import { createMemoryStore } from "../../../shared/store/memory-store.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { uploadDataset } from "../../../trainer/data/dataset-store.ts";
import { indexDataset } from "../../../trainer/data/dataset-index.ts";
import type { QualityMetric, ReleaseContext } from "../../../trainer/pipeline/context.ts";
import type { JobContext } from "../../../trainer/pipeline/jobs.ts";
import { runDecisionTask, runReleaseTask } from "../../../trainer/pipeline/tasks.ts";
import { twoClasses, writeFiles } from "../data/small-dataset.ts";

/** Stores, a clock and executions that a test moves, and the tasks of the pipeline on them. */
export interface PipelineBench {
  readonly context: ReleaseContext;
  readonly jobContext: JobContext;
  readonly metrics: QualityMetric[];
  /** Executions that are under way. */
  readonly running: Set<string>;
  readonly advance: (ms: number) => void;
  /** Uploads a dataset of two classes with so many drawn images each. */
  readonly upload: (imagesEach: number) => Promise<string>;
  readonly decide: (input: object) => Promise<Record<string, unknown>>;
  readonly release: (input: object) => Promise<Record<string, unknown>>;
}

/** @param folder a temporary one, which the test removes */
export function openPipelineBench(folder: string): PipelineBench {
  let now = Date.parse("2026-01-31T12:00:00.000Z");
  const metrics: QualityMetric[] = [];
  const running = new Set<string>();
  const context: ReleaseContext = {
    record: createMemoryStore(),
    serving: createMemoryStore(),
    codec: loadCodec,
    now: () => new Date(now),
    isRunning: async (execution) => running.has(execution),
    measure: (metric) => metrics.push(metric),
  };
  const silent = { update: () => undefined, end: () => undefined };
  return {
    context,
    metrics,
    running,
    jobContext: {
      record: context.record,
      scratch: join(folder, "scratch"),
      reporter: { say: () => undefined, progress: () => silent },
      signal: new AbortController().signal,
    },
    advance: (ms) => {
      now += ms;
    },
    upload: async (imagesEach) => {
      const root = join(folder, `upload-${imagesEach}`);
      await writeFiles(root, twoClasses(imagesEach));
      now += 1000;
      const options = { path: root, cacheRoot: folder, name: "gate", createdAt: new Date(now) };
      return uploadDataset(context.record, await indexDataset(options));
    },
    // The results of tasks are objects, as the state machine needs them.
    decide: async (input) => (await runDecisionTask(context, input)) as Record<string, unknown>,
    release: async (input) => (await runReleaseTask(context, input)) as Record<string, unknown>,
  };
}

/** Settings of a model that trains in a second. */
export function quickSettings(changes: Partial<RetrainSettings> = {}): RetrainSettings {
  const plan = { epochs: 1, architecture: "small-cnn", size: 32, width: 0.5 };
  const settings = { model: "gate", dataset: "gate", minimumNewImages: 4, engine: "wasm", plan, ...changes };
  return retrainSettingsSchema.parse(settings);
}
