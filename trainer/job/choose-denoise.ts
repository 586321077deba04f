import { isAppError } from "../../shared/contract/errors.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import { backboneOf } from "../backbones/registry.ts";
import { loadImages } from "../data/image-loader.ts";
import { impulseShare } from "../data/impulse-noise.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import { percent } from "../terminal/table.ts";
import { pixelSpec } from "../training/input-spec.ts";
import { choosePlan, type PlanChoice, type PlanWishes } from "./choose-plan.ts";
import type { PlanFacts } from "./plan-facts.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainingJob } from "./trained-classifier.ts";
import { tryDenoise } from "./try-denoise.ts";

/** Training images whose noise is measured: a moment's work. */
const mostMeasured = 40;
/** Between what clean photos have at most, 0.0016, and those of which a hundredth is noise, 0.01. */
const noisyShare = 0.004;

/**
 * Chooses a plan and whether noise is removed: as asked; by trying both where that is asked, or where nothing is and the
 * images have impulse noise at the size that the net sees. Heads are tried as the run trains, nets from scratch here.
 * @throws see {@link choosePlan}; interrupted when the signal aborted a trial
 */
export async function chooseDenoisedPlan(
  job: TrainingJob,
  wishes: PlanWishes,
  facts: PlanFacts,
  reporter: Reporter,
): Promise<PlanChoice> {
  const planned = await choosePlan(wishes, facts, reporter);
  const isScratch = planned.plan.mode === "scratch";
  const isSettled = wishes.denoise !== undefined && !(isScratch && wishes.denoise === "auto");
  if (isSettled) return planned;
  const reasons: string[] = [];
  if (wishes.denoise === undefined) {
    const share = await measureNoise(job, planned);
    if (share < noisyShare) return planned;
    reasons.push(`${percent(share)} of the values are impulse noise`);
  }
  if (planned.plan.mode !== "scratch") reasons.push("noise removal is tried");
  const trial = planned.plan.mode === "scratch" ? await tryDenoise(job, planned.plan, reporter) : null;
  if (trial !== null) reasons.push(trial.why);
  // Once more, as trials take of the time that is left.
  const denoise = trial?.denoise ?? "auto";
  const chosen = await choosePlan({ ...wishes, denoise }, facts, reporter).catch((error: unknown) => {
    // Nobody asked for the trial, so one that takes too long is none.
    if (wishes.denoise === undefined && isAppError(error, "budget_exceeded")) return null;
    throw error;
  });
  if (chosen === null) return planned;
  planned.opened?.embedder.dispose();
  return { ...chosen, why: [chosen.why, ...reasons].join("; ") };
}

/** See {@link impulseShare}; of training images as the net of a plan sees them. */
async function measureNoise({ dataset }: TrainingJob, planned: PlanChoice): Promise<number> {
  const train = dataset.manifest.images.filter(({ split }) => split === "train");
  return impulseShare(await loadImages(dataset, spreadEvenly(train, mostMeasured), pixelsOf(planned)));
}

function pixelsOf({ plan, opened }: PlanChoice): PixelSpec {
  if (plan.mode === "scratch") return pixelSpec(plan.size);
  if (opened !== null) return opened.features.input;
  return { ...backboneOf(plan.backbone).pixels, width: plan.size, height: plan.size };
}
