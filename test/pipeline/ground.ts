import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AliasRecord, parseAliasRecord } from "../../shared/contract/alias.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { retrainRequestSchema, retrainSettingsSchema } from "../../shared/contract/pipeline.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { indexDataset } from "../../trainer/data/dataset-index.ts";
import { latestDataset, uploadDataset } from "../../trainer/data/dataset-store.ts";
import { makeSampleDataset } from "../../trainer/data/sample/make-sample-dataset.ts";
import { loadMachine } from "../../trainer/pipeline/local/load-machine.ts";
import { type LocalRunEnd, runMachine } from "../../trainer/pipeline/local/run-machine.ts";
import type { RunningTask } from "../../trainer/pipeline/local/task-process.ts";
import { createFileStore } from "../../trainer/storage/file-store.ts";

export const drillModel = "gate";

/** Settings of a model that trains in seconds; scenarios change some. */
export type SettingsChanges = Readonly<Record<string, unknown>>;

/** Two stores, as S3 and R2 are two, in a folder of their own. */
export interface Ground {
  readonly folder: string;
  readonly record: ObjectStore;
  readonly serving: ObjectStore;
  /** Runs the synthesised machine once. */
  readonly run: (settings?: SettingsChanges, watch?: RunWatch) => Promise<LocalRunEnd>;
  /** Uploads drawn images, those of the earlier uploads among them. @param each images a class more */
  readonly upload: (each: number, seed: number) => Promise<void>;
  readonly alias: (store: ObjectStore) => Promise<AliasRecord | null>;
  /** Another ground that begins as this one is now. */
  readonly copy: () => Promise<Ground>;
  readonly remove: () => Promise<void>;
}

/** What a scenario does to a run that goes on. */
export interface RunWatch {
  readonly onTask?: (task: RunningTask) => void;
  /** Once the state of this name has been entered. */
  readonly onState?: (name: string) => void;
  readonly waitSeconds?: number;
  readonly force?: boolean;
}

const tiny = { architecture: "small-cnn", size: 48, width: 0.5 };

/** @param say receives what the runs tell */
export async function openGround(say: (line: string) => void): Promise<Ground> {
  return groundAt(await mkdtemp(join(tmpdir(), "edgewise-drill-")), say);
}

function groundAt(folder: string, say: (line: string) => void): Ground {
  const record = createFileStore(join(folder, "record"));
  const serving = createFileStore(join(folder, "serving"));
  return {
    folder,
    record,
    serving,
    run: async (settings = {}, { onTask, onState, waitSeconds = 0, force = false } = {}) => {
      const request = retrainRequestSchema.parse({
        settings: retrainSettingsSchema.parse({
          model: drillModel,
          dataset: drillModel,
          engine: "wasm",
          minimumNewImages: 4,
          canaryFraction: 0,
          gate: { maximumRecallLoss: 1 },
          ...settings,
          plan: { ...tiny, ...(typeof settings["plan"] === "object" ? settings["plan"] : {}) },
        }),
        force,
      });
      return runMachine(
        {
          machine: await loadMachine(),
          place: {
            store: join(folder, "record"),
            serving: join(folder, "serving"),
            scratch: join(folder, "scratch"),
          },
          request,
          signal: new AbortController().signal,
          waitSeconds,
        },
        {
          say: (line) => {
            say(line);
            if (line.startsWith("> ")) onState?.(line.slice(2));
          },
          hear: (text) => say(text.trimEnd()),
          notify: ({ message }) => say(message),
          ...(onTask === undefined ? {} : { onTask }),
        },
      );
    },
    upload: async (each, seed) => {
      const images = join(folder, "images");
      const drawn = join(folder, `drawn-${seed}`);
      await makeSampleDataset({ root: drawn, seed, images: 4 * each, onProgress: () => undefined });
      // Names tell nothing of the seed; a folder of its own within each class keeps them apart.
      await mkdir(images, { recursive: true });
      for (const label of ["empty", "parcel", "person", "vehicle"]) {
        await cp(join(drawn, label), join(images, label, `seed-${seed}`), { recursive: true });
      }
      await rm(drawn, { recursive: true });
      const previous = (await latestDataset(record, drillModel)) ?? undefined;
      const options = { path: images, cacheRoot: folder, name: drillModel, createdAt: new Date(), previous };
      await uploadDataset(record, await indexDataset(options));
    },
    alias: async (store) => {
      const found = await store.get(objectKeys.alias(drillModel, "champion"));
      return found.kind === "found" ? parseAliasRecord(found.bytes, "champion") : null;
    },
    copy: async () => {
      const other = await mkdtemp(join(tmpdir(), "edgewise-drill-"));
      await cp(folder, other, { recursive: true });
      return groundAt(other, say);
    },
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The hash of model and weights that is part of a version's name. */
export function contentOf(version: string | undefined): string {
  return version?.split("-")[1] ?? "";
}

/** What a run's task found. */
export async function resultOf(
  ground: Ground,
  end: LocalRunEnd,
  task: string,
): Promise<Record<string, unknown>> {
  const file = join(ground.folder, "record", "runs", end.runId ?? "", "results", `${task}.json`);
  // A drill reads what the tasks wrote.
  return JSON.parse(await readFile(file, "utf8")) as Record<string, unknown>;
}
