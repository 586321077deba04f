import { buildModel } from "../model/build-model.ts";
import { deepRequest, planTraining, type PlanRequest, type TrainingPlan } from "../training/defaults.ts";
import { partImages, partSizeFor } from "../training/batch-parts.ts";
import { measureStep } from "../training/measure-step.ts";
import type { ChosenPlan, ScratchPlan } from "./plan.ts";
import type { PlanFacts } from "./plan-facts.ts";

/** A net needs so many passes to be worth its size; with fewer, a smaller one does better. */
const fewestEpochs = 8;
/** Sides of the input to fall back to. */
const smallerSizes = [64, 48, 32] as const;
/** A pass that only answers takes a third of one that learns. */
const inferenceShare = 1 / 3;
/** Golden vectors, files, the store. */
const fixedMs = 3000;
/** Machines have other work, and the schedule should end before the time does. */
const caution = 1.15;

/**
 * Fits a plan into the time that is left, by measuring a few steps: first fewer epochs, then smaller images.
 * Without a budget the plan stays as it is.
 */
export async function fitScratchPlan(
  plan: TrainingPlan,
  request: PlanRequest,
  why: string,
  facts: PlanFacts,
): Promise<ChosenPlan> {
  if (facts.deadline.budgetMs === null) return { plan: { mode: "scratch", ...plan }, why };
  const deep = isWorthDepth(plan, request, facts) ? await fitDeepPlan(why, facts) : null;
  if (deep !== null) return deep;
  const sizes = [plan.size, ...smallerSizes.filter((size) => size < plan.size && request.size === undefined)];
  let fitted: ScratchPlan | null = null;
  let stepMs = 0;
  for (const size of sizes) {
    const tried = planTraining(facts.dataset, { ...request, size }, facts.seed);
    stepMs = await measurePlan(tried, facts);
    const epochs = epochsWithin(tried, stepMs, facts);
    fitted = { mode: "scratch", ...planTraining(facts.dataset, { ...request, size, epochs }, facts.seed) };
    if (epochs >= Math.min(fewestEpochs, tried.training.epochs)) break;
  }
  const chosen = fitted ?? { mode: "scratch" as const, ...plan };
  return { plan: chosen, why: `${why}; ${describeFit(chosen, stepMs, facts)}` };
}

function describeFit({ training }: TrainingPlan, stepMs: number, facts: PlanFacts): string {
  const shared = stepMs / speedUp(training.batchSize, facts);
  return `${training.epochs} epochs fit, at ${shared.toFixed(0)} ms a step of ${training.batchSize}`;
}

/** Images for training that a deep net is worth its time for. */
const enoughForDepth = 10_000;
/** Less time than this cannot do, so that nothing need be measured. */
const leastForDepthMs = 20 * 60_000;
/** With fewer passes the small net does better in the same time. */
const fewestDeepEpochs = 4;

function isWorthDepth(plan: TrainingPlan, request: PlanRequest, { dataset, deadline }: PlanFacts): boolean {
  const isFree = Object.values(request).every((wish) => wish === undefined);
  const train = dataset.images.filter(({ split }) => split === "train").length;
  const isSmall = plan.size === deepRequest.size;
  return isFree && isSmall && train >= enoughForDepth && deadline.leftMs() >= leastForDepthMs;
}

/** The deeper net for small images, `null` where the time is too short for it. */
async function fitDeepPlan(why: string, facts: PlanFacts): Promise<ChosenPlan | null> {
  const whole = planTraining(facts.dataset, deepRequest, facts.seed);
  const stepMs = await measurePlan(whole, facts);
  const epochs = epochsWithin(whole, stepMs, facts);
  if (epochs < fewestDeepEpochs) return null;
  const fitted = planTraining(facts.dataset, { ...deepRequest, epochs }, facts.seed);
  const fit = describeFit(fitted, stepMs, facts);
  return { plan: { mode: "scratch", ...fitted }, why: `${why}; time for a deeper net: ${fit}` };
}

/** Milliseconds to leave for the release after the training. */
function releaseMs({ dataset, decodeMs }: PlanFacts, stepMs: number, batchSize: number): number {
  const test = dataset.images.filter(({ split }) => split === "test").length;
  const imageMs = (stepMs / batchSize) * inferenceShare;
  return caution * test * (6 * imageMs + 3 * decodeMs) + fixedMs;
}

/** Of what threads could gain at best, what they gain. */
const threadShare = 0.8;

/** By how much threads shorten a step; validation and release run without them. */
function speedUp(batchSize: number, { engine, workers }: PlanFacts): number {
  const parts = engine.name === "wasm" ? Math.ceil(batchSize / partImages) : 1;
  const rounds = Math.ceil(parts / Math.min(parts, workers));
  return Math.max(1, (threadShare * parts) / rounds);
}

/** Milliseconds of one step, measured. */
async function measurePlan(
  { architecture, ...plan }: TrainingPlan,
  { dataset, engine }: PlanFacts,
): Promise<number> {
  const { size, width, dropout, training } = plan;
  await engine.activate();
  const classes = dataset.labels.length;
  const model = buildModel(architecture, { size, classes, seed: training.seed, width, dropout });
  const part = Math.min(training.batchSize, training.partSize ?? partSizeFor(model, engine));
  try {
    return measureStep(model, engine, training, part);
  } finally {
    model.dispose();
  }
}

function epochsWithin({ training }: TrainingPlan, stepMs: number, facts: PlanFacts): number {
  const { dataset, deadline, decodeMs } = facts;
  const count = (split: string): number => dataset.images.filter((image) => image.split === split).length;
  const { batchSize, epochs } = training;
  const train = count("train");
  const steps = Math.max(1, Math.floor(train / Math.min(batchSize, train)));
  const sharedMs = stepMs / speedUp(batchSize, facts);
  const validationMs = count("validation") * (stepMs / batchSize) * inferenceShare;
  const decodingMs = decodeMs * (dataset.images.length - count("test"));
  const leftMs = deadline.leftMs() - decodingMs - releaseMs(facts, stepMs, batchSize);
  return Math.max(1, Math.min(epochs, Math.floor(leftMs / (caution * (steps * sharedMs + validationMs)))));
}
