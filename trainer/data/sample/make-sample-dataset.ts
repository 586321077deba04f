import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { Worker } from "node:worker_threads";
import * as z from "zod/mini";
import { AppError } from "../../../shared/contract/errors.ts";
import { parseJsonWith } from "../../../shared/contract/parse.ts";
import { loadJpegEncoder } from "../../assets.ts";
import { errnoOf, isMissing } from "../../storage/errno.ts";
import { createToken } from "../../storage/process-token.ts";
import { askWorker, shareOut } from "../worker-requests.ts";
import { sceneLabels } from "./draw-scene.ts";
import type { DrawRequest } from "./draw-worker.ts";
import { encodeScene, scenePath, type SceneName } from "./scene-file.ts";

/** Options of {@link makeSampleDataset}. */
export interface SampleOptions {
  /** Folder to make; its parents are made too. */
  readonly root: string;
  readonly seed: number;
  /** Pictures in all, evenly of every class. @default 2000: 20 % of them are test, more than 320 whatever the seed */
  readonly images?: number | undefined;
  /** Called as pictures are drawn. */
  readonly onProgress?: ((done: number, total: number) => void) | undefined;
}

/** The file that tells a folder of ours from any other. */
const markerName = ".sample.json";
const markerSchema = z.strictObject({ schemaVersion: z.literal(1), seed: z.int(), images: z.int() });
const defaultImages = 2000;
const batchSize = 20;
const maxThreads = 4;

/**
 * Draws the sample dataset, security-camera scenes in class folders `empty`, `parcel`, `person` and `vehicle`.
 * The folder appears whole or not at all. A folder that this code drew before, with the same options, is left as it is.
 * @returns how many pictures were drawn, 0 when they were there
 * @throws {AppError} already_exists when the folder holds something else; invalid_argument for fewer than 16 images
 */
export async function makeSampleDataset(options: SampleOptions): Promise<{ readonly drawn: number }> {
  const root = resolve(options.root);
  const images = options.images ?? defaultImages;
  if (!Number.isInteger(images) || images < 16 || images > 100_000) {
    throw new AppError("invalid_argument", `a sample of ${images} images; allowed are 16 to 100,000`);
  }
  const scenes = listScenes(options.seed, images);
  if (await isDrawn(root, options.seed, scenes)) return { drawn: 0 };
  const working = join(dirname(root), `.${basename(root)}.${await createToken()}`);
  try {
    await Promise.all(sceneLabels.map((label) => mkdir(join(working, label), { recursive: true })));
    await draw(working, scenes, options.onProgress ?? (() => {}));
    const marker = { schemaVersion: 1, seed: options.seed, images } satisfies z.infer<typeof markerSchema>;
    await writeFile(join(working, markerName), `${JSON.stringify(marker)}\n`);
    const isOurs = await moveIntoPlace(working, root, options.seed, scenes);
    return { drawn: isOurs ? images : 0 };
  } finally {
    await rm(working, { recursive: true, force: true });
  }
}

/** @returns false when another process has drawn the same meanwhile, which somebody may be reading already */
async function moveIntoPlace(
  working: string,
  root: string,
  seed: number,
  scenes: readonly SceneName[],
): Promise<boolean> {
  try {
    await rename(working, root);
    return true;
  } catch (error) {
    if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(errnoOf(error) ?? "")) throw error;
  }
  if (await isDrawn(root, seed, scenes)) return false;
  // Only a folder with our marker gets here: an older drawing.
  await rm(root, { recursive: true, force: true });
  await rename(working, root);
  return true;
}

function listScenes(seed: number, images: number): SceneName[] {
  return Array.from({ length: images }, (_, i) => ({
    seed,
    label: sceneLabels[i % sceneLabels.length] ?? "empty",
    index: Math.floor(i / sceneLabels.length),
  }));
}

/**
 * Whether the folder holds these pictures as this code draws them, told by its marker and the first of every class.
 * @throws {AppError} already_exists when it holds something that is not ours
 */
async function isDrawn(root: string, seed: number, scenes: readonly SceneName[]): Promise<boolean> {
  const names: string[] = await readdir(root).catch((error: unknown) => {
    if (isMissing(error)) return [];
    throw error;
  });
  if (names.length === 0) return false;
  if (!names.includes(markerName)) {
    throw new AppError(
      "already_exists",
      `${root} holds files that are no drawn sample; choose a new or an empty folder`,
    );
  }
  const text = await readFile(join(root, markerName), "utf8");
  const marker = parseJsonWith(markerSchema, text, join(root, markerName));
  if (marker.seed !== seed || marker.images !== scenes.length) return false;
  const encode = loadJpegEncoder();
  for (const scene of scenes.slice(0, sceneLabels.length)) {
    const known = await readFile(join(root, scenePath(scene))).catch(() => null);
    if (known === null || !known.equals(encodeScene(scene, encode))) return false;
  }
  return true;
}

async function draw(
  root: string,
  scenes: readonly SceneName[],
  onProgress: (done: number, total: number) => void,
): Promise<void> {
  const batches: DrawRequest[] = [];
  for (let start = 0; start < scenes.length; start += batchSize) {
    batches.push({ root, scenes: scenes.slice(start, start + batchSize) });
  }
  const workers = Array.from(
    { length: Math.min(maxThreads, availableParallelism(), batches.length) },
    () => new Worker(new URL("draw-worker.ts", import.meta.url)),
  );
  let done = 0;
  try {
    await shareOut(workers, batches, async (worker, batch) => {
      const drawn = await askWorker<number>(worker, batch);
      done += drawn;
      onProgress(done, scenes.length);
    });
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
