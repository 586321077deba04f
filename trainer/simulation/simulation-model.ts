import { join } from "node:path";
import { defaultAlias } from "../../shared/contract/names.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { makeSampleDataset } from "../data/sample/make-sample-dataset.ts";
import type { Reporter } from "../job/reporter.ts";
import { runJob } from "../job/run-job.ts";

/** Name of the model that `simulate` trains where there is none. */
export const simulationModel = "simulation";

/**
 * More than `npm start` draws: a camera shows one place for ever, so that a model which is wrong about one place in fifty
 * is wrong there all day, whatever is decided after it.
 */
const images = 12_000;
const epochs = 8;
const averaging = 0.99;

/**
 * Trains and publishes a model of the drawn scenes where the store has none, by the job that trains every model. Scenes
 * of the same seed that a simulation draws are others: the streams of random numbers have other names.
 * @returns seconds that it took, `null` where the model was there
 * @throws what the job throws; `interrupted` when the signal aborts it
 */
export async function ensureSimulationModel(
  store: ObjectStore,
  options: { readonly model: string; readonly seed: number; readonly cacheRoot: string },
  reporter: Reporter,
  signal: AbortSignal,
): Promise<number | null> {
  const { model, seed, cacheRoot } = options;
  if ((await store.head(objectKeys.alias(model, defaultAlias))) !== null) return null;
  reporter.say(`there is no ${model}/${defaultAlias}: drawing ${images} scenes and training on them, once`);
  const startedAt = performance.now();
  const root = join(cacheRoot, `simulation-${seed}`);
  const bar = reporter.progress("draw");
  try {
    await makeSampleDataset({ root, seed, images, onProgress: (done, total) => bar.update(done, total) });
  } finally {
    bar.end();
  }
  await runJob(
    {
      data: root,
      seed,
      model,
      engine: "auto",
      intendedUse: "Telling apart the drawn scenes that simulated cameras show.",
      wishes: { mode: "scratch", scratch: { epochs, averaging } },
      budgetMs: null,
      alias: defaultAlias,
      cacheRoot,
      by: "edgewise simulate",
    },
    store,
    reporter,
    signal,
  );
  return Math.round((performance.now() - startedAt) / 100) / 10;
}
