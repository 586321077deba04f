import type { InputSpec } from "../../shared/contract/input-spec.ts";
import { AppError } from "../../shared/contract/errors.ts";
import type { FeatureGraph } from "../backbones/feature-graph.ts";
import type { OpenBackbone } from "../backbones/open-backbone.ts";
import { decodeSplits } from "./decode-splits.ts";
import { fitFeatures, type FitOptions, type FittedFeatures } from "./fit-features.ts";
import type { DenoiseChoice } from "./plan.ts";
import type { Reporter } from "./reporter.ts";
import type { TrainingImages, TrainingJob } from "./trained-classifier.ts";

/** A head on images from which noise was removed as their input spec says. */
export interface DenoisedFeatures extends FittedFeatures {
  /** With that input spec. */
  readonly features: FeatureGraph;
  readonly images: TrainingImages;
  /** What was chosen, for the outcome's line; empty where nothing was to be chosen. */
  readonly note: string;
}

/** What a head learns from, and how long it may take. */
export interface DenoisedOptions extends Omit<FitOptions, "leftMs"> {
  /**
   * Milliseconds that are left, of a fit whose images began to be decoded at `startMs`, with so many more to come, this
   * one included.
   * @default no limit
   */
  readonly shareOfTime?: (startMs: number, toTry: number) => () => number;
}

/**
 * Decodes the images and fits a head on their features; of `auto` with and without noise removal, whichever has the lower
 * loss on images that are held back.
 * @throws interrupted when the signal aborted it; what was computed is kept
 */
export async function fitDenoised(
  job: TrainingJob,
  denoise: DenoiseChoice | undefined,
  opened: OpenBackbone,
  options: DenoisedOptions,
  reporter: Reporter,
): Promise<DenoisedFeatures> {
  const ways = waysOf(denoise);
  const tried = [];
  for (const [place, way] of ways.entries()) {
    const leftMs = options.shareOfTime?.(job.deadline.elapsedMs(), ways.length - place);
    const timed = { ...options, ...(leftMs === undefined ? {} : { leftMs }) };
    tried.push(await fitWay(job, way, opened, timed, reporter));
  }
  // The first of equals: noise removal has to earn its time.
  const [best] = tried.toSorted((a, b) => a.head.validation.loss - b.head.validation.loss);
  if (best === undefined) throw new AppError("internal", "no head was fitted");
  const note = ways.length > 1 ? `, noise removal ${best.features.input.denoise}` : "";
  return { ...best, note };
}

function waysOf(denoise: DenoiseChoice = "none"): readonly InputSpec["denoise"][] {
  return denoise === "auto" ? ["none", "median3"] : [denoise];
}

async function fitWay(
  job: TrainingJob,
  denoise: InputSpec["denoise"],
  { features: original, embedder }: OpenBackbone,
  options: FitOptions,
  reporter: Reporter,
): Promise<Omit<DenoisedFeatures, "note">> {
  const features = { ...original, input: { ...original.input, denoise } };
  const images = await decodeSplits(job.dataset, features.input, job.times, reporter);
  return { features, images, ...(await fitFeatures(job, images, { features, embedder }, options, reporter)) };
}
