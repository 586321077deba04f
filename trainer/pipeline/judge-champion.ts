import type * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import type { PipelineContext } from "./context.ts";
import { evaluationSchema, type qualitySchema } from "./results.ts";
import { requireResult } from "./run-record.ts";

/** Fewer fresh images than this say little of a percentage. */
const enoughFresh = 20;

/**
 * Compares the champion with the day it was published: on the images that came since, where there are enough of them,
 * else on the test split. What it finds goes to the alarms.
 */
export async function judgeChampion(
  context: PipelineContext,
  run: PipelineRun,
): Promise<z.infer<typeof qualitySchema>> {
  const evaluation = await requireResult(context.record, run.runId, "evaluate", evaluationSchema);
  const { champion, publishedAccuracy } = evaluation;
  if (champion === null) {
    throw new AppError("not_found", `run ${run.runId} evaluated no champion; promote a version first`);
  }
  const { model, maximumAccuracyDrop } = run.request.settings;
  const { fresh, test } = champion;
  const onFresh = fresh !== null && fresh.images >= enoughFresh;
  const { top1Accuracy: accuracy, images } = onFresh ? fresh : test;
  const drop = Math.max(0, (publishedAccuracy ?? accuracy) - accuracy);
  context.measure({ name: "ChampionAccuracy", model, value: accuracy });
  context.measure({ name: "ChampionAccuracyDrop", model, value: drop });
  return {
    version: champion.version,
    accuracy,
    drop,
    wornOut: drop > maximumAccuracyDrop,
    text:
      `${champion.version}: top-1 ${percent(accuracy)} on ${images} ${onFresh ? "fresh" : "held-out"} images, ` +
      (publishedAccuracy === null
        ? "never evaluated before"
        : `${percent(publishedAccuracy)} when published`),
  };
}

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(1)} %`;
}
