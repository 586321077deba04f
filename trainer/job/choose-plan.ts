import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { type OpenBackbone, openNamed } from "../backbones/open-backbone.ts";
import { backboneOf, backbones } from "../backbones/registry.ts";
import { measureFitSpeed } from "../training/fit-cost.ts";
import { planTraining, type PlanRequest, typicalSide } from "../training/defaults.ts";
import { fitFinetunePlan } from "./finetune-budget.ts";
import { countOf, estimateHead, fixedMs } from "./head-estimate.ts";
import type { ChosenPlan, DenoiseChoice, FinetunePlan, HeadPlan, Mode } from "./plan.ts";
import type { PlanFacts } from "./plan-facts.ts";
import type { Reporter } from "./reporter.ts";
import { fitScratchPlan } from "./scratch-budget.ts";

/** What the caller fixes of the way to train. */
export interface PlanWishes {
  readonly mode: "auto" | Mode;
  /** Name of a backbone, or where a net of the caller's own is; absent: the best that the budget allows. */
  readonly backbone?: string | undefined;
  /** Name of the backbone that teaches another one's last layers, `none` for labels alone. */
  readonly teacher?: string | undefined;
  /** Whether mirrored views of the training images help to train a head. */
  readonly mirror?: boolean | undefined;
  /** Random views of each training image that a head or last layers learn from. */
  readonly views?: number | undefined;
  readonly denoise?: DenoiseChoice | undefined;
  /** Of a net that is trained from nothing; `size` is that of any net. */
  readonly scratch: PlanRequest;
}

/** A plan, and the backbone that was opened to find out how fast it is. */
export interface PlanChoice extends ChosenPlan {
  readonly opened: OpenBackbone | null;
}

/** Without a wish of the caller, a head may take so long; it is the evidence for choosing a smaller backbone. */
const patienceMs = 300_000;
/** Below this size photos have lost what the backbones, trained at 128 px and more, know them by. */
const smallSide = 64;
/** So many small images teach a net of its own more than a backbone knows of them. */
const enoughSmallImages = 2000;

/**
 * Chooses mode, backbone and size by the data, the time and this machine's speed.
 * @throws not_found for a backbone that was asked for and is not there; budget_exceeded when the time cannot do
 */
export async function choosePlan(
  wishes: PlanWishes,
  facts: PlanFacts,
  reporter: Reporter,
): Promise<PlanChoice> {
  const fromNothing = async (why: string): Promise<PlanChoice> => {
    const planned = planTraining(facts.dataset, wishes.scratch, facts.seed);
    const fitted = await fitScratchPlan(planned, wishes.scratch, why, facts);
    return { plan: { ...fitted.plan, ...fixedDenoise(wishes) }, why: fitted.why, opened: null };
  };
  if (wishes.mode === "scratch") return fromNothing("as asked");
  if (wishes.mode === "finetune") return chooseFinetune(wishes, facts, reporter);
  const reason = wishes.mode === "auto" ? reasonForScratch(wishes, facts) : null;
  if (reason !== null) return fromNothing(reason);
  try {
    return await chooseHead(wishes, facts, reporter);
  } catch (error) {
    // Nobody insisted on a backbone, so one that cannot be had is no failure.
    const isOptional = wishes.mode === "auto" && wishes.backbone === undefined;
    if (!isOptional || !isAppError(error, "not_found")) throw error;
    reporter.say(error.message);
    return fromNothing("no backbone at hand, and the images have to do");
  }
}

/** What is fixed; `auto` is left to a trial of the plan. */
function fixedDenoise({ denoise }: PlanWishes): { readonly denoise?: "none" | "median3" } {
  return denoise === undefined || denoise === "auto" ? {} : { denoise };
}

/** A net at a quarter of the teacher's cost: 73 of 299 million multiply-accumulates. */
const tunedByDefault = { backbone: "mobilenet-v1-0.5-160", size: 152 } as const;
const teacherByDefault = "mobilenet-v2-1.0-224";

/** The plan for last layers; the settings are those that did best on a few hundred photos. */
function planFinetune(
  { backbone, teacher, scratch, denoise, views }: PlanWishes,
  net: string,
  opened: OpenBackbone | null,
  seed: number,
): FinetunePlan {
  const usualSize = backbone === undefined ? tunedByDefault.size : opened?.features.input.width;
  return {
    mode: "finetune",
    backbone: net,
    ...pinned(net, opened),
    size: scratch.size ?? usualSize ?? backboneOf(net).size,
    teacher: teacherOf(net, teacher),
    teacherShare: 0.7,
    views: views ?? 6,
    ...(denoise === undefined ? {} : { denoise }),
    seed,
    epochs: scratch.epochs ?? 6,
    batchSize: 32,
    learningRate: scratch.learningRate ?? 1e-3,
    tailRate: 0.1,
    weightDecay: 0.01,
  };
}

/** With a budget, what of the plan fits by the speed of its backbone, which is opened for that. */
async function chooseFinetune(wishes: PlanWishes, facts: PlanFacts, reporter: Reporter): Promise<PlanChoice> {
  const { backbone: net = tunedByDefault.backbone, scratch } = wishes;
  const { dataset, decodeMs, deadline } = facts;
  const size = scratch.size ?? (wishes.backbone === undefined ? tunedByDefault.size : undefined);
  // The size of a net of the caller's own stands in its file.
  const isOpened = deadline.budgetMs !== null || !isRegistered(net);
  const opened = isOpened ? await open(net, size, facts, reporter) : null;
  const plan = planFinetune(wishes, net, opened, facts.seed);
  if (opened === null || deadline.budgetMs === null) return { plan, why: "as asked", opened };
  const fixed = { views: wishes.views !== undefined, teacher: wishes.teacher !== undefined };
  const speed = { dataset, decodeMs, imageMs: opened.embedder.imageMs };
  try {
    return { ...fitFinetunePlan(plan, fixed, speed, deadline.leftMs()), opened };
  } catch (error) {
    opened.embedder.dispose();
    throw error;
  }
}

function teacherOf(net: string, wanted = isRegistered(net) ? teacherByDefault : "none"): string | null {
  return wanted === "none" || wanted === net ? null : backboneOf(wanted).name;
}

function isRegistered(name: string): boolean {
  return backbones.some((backbone) => backbone.name === name);
}

/** What pins a net of the caller's own; those of the registry are pinned there. */
function pinned(net: string, opened: OpenBackbone | null): { readonly backboneSha256?: string } {
  return opened === null || isRegistered(net) ? {} : { backboneSha256: opened.features.backbone.sha256 };
}

function reasonForScratch({ backbone, scratch }: PlanWishes, { dataset, isDrawn }: PlanFacts): string | null {
  if (backbone !== undefined) return null;
  const fixed = Object.entries(scratch).find(([name, value]) => name !== "size" && value !== undefined);
  if (fixed !== undefined) return `${fixed[0]} is of nets that are trained from nothing`;
  if (isDrawn) return "the drawn scenes are no photos, which is what backbones know";
  const train = countOf(dataset, "train");
  const side = typicalSide(dataset.images);
  return side < smallSide && train >= enoughSmallImages
    ? `${train} images of ${side} px teach a net of their own more than backbones for larger photos know`
    : null;
}

async function chooseHead(wishes: PlanWishes, facts: PlanFacts, reporter: Reporter): Promise<PlanChoice> {
  const { deadline, dataset } = facts;
  const wanted = wishes.backbone === undefined ? backbones.map(({ name }) => name) : [wishes.backbone];
  const fitSpeed = measureFitSpeed();
  let fastest = { ms: Infinity, name: "" };
  let missing: unknown;
  for (const backbone of wanted) {
    // One of the same cost takes as long.
    if (fastest.name !== "" && backboneOf(backbone).macs >= backboneOf(fastest.name).macs) continue;
    const opened = await open(backbone, wishes.scratch.size, facts, reporter).catch((error: unknown) => {
      if (!isAppError(error, "not_found") || wanted.length === 1) throw error;
      missing ??= error;
      return null;
    });
    if (opened === null) continue;
    const plan = headPlan(wishes, backbone, opened, facts.seed);
    const { imageMs } = opened.embedder;
    const estimate = estimateHead(plan, opened.features, { ...facts, imageMs, fitSpeed });
    const ms = estimate.featuresMs + estimate.leanFitMs + estimate.releaseMs;
    // Opening a backbone takes a while, too.
    const leftMs = deadline.budgetMs === null ? patienceMs : deadline.leftMs();
    const isFixed = wishes.backbone !== undefined && deadline.budgetMs === null;
    if (ms <= leftMs || isFixed) {
      const train = countOf(dataset, "train") + countOf(dataset, "validation");
      const whole = ms + estimate.wholeFitMs - estimate.leanFitMs;
      const toGo = isFixed ? whole : Math.min(whole, leftMs);
      const speed = `${imageMs.toFixed(0)} ms an image, about ${seconds(toGo)} to go`;
      const skipped =
        fastest.name === "" ? "the best features" : `larger ones take longer than ${seconds(leftMs)}`;
      const why = wishes.backbone === undefined ? skipped : "as asked";
      return { plan, why: `${train} photos to learn from; ${why}; ${speed}`, opened };
    }
    opened.embedder.dispose();
    if (ms < fastest.ms) fastest = { ms, name: backbone };
  }
  if (fastest.name === "") throw missing;
  throw tooLittleTime(fastest, facts);
}

function headPlan(wishes: PlanWishes, backbone: string, opened: OpenBackbone, seed: number): HeadPlan {
  return {
    mode: "head",
    backbone,
    ...pinned(backbone, opened),
    size: opened.features.input.width,
    views: wishes.mirror === true ? 2 : 1,
    ...(wishes.views === undefined ? {} : { randomViews: wishes.views, seed }),
    ...(wishes.denoise === undefined ? {} : { denoise: wishes.denoise }),
  };
}

function open(
  name: string,
  size: number | undefined,
  { store, signal }: PlanFacts,
  reporter: Reporter,
): Promise<OpenBackbone> {
  const bar = reporter.progress("download");
  const opening = openNamed(name, {
    store,
    size,
    onNotice: reporter.say,
    signal,
    onDownload: (done, total) => bar.update(done, total, name),
  });
  return opening.finally(() => bar.end());
}

function tooLittleTime(
  fastest: { readonly ms: number; readonly name: string },
  { dataset, deadline }: PlanFacts,
): AppError {
  const count = dataset.images.length;
  const leftMs = deadline.budgetMs === null ? patienceMs : deadline.leftMs();
  const limit = Math.max(2, Math.floor((count * Math.max(0, leftMs - fixedMs)) / fastest.ms));
  return new AppError(
    "budget_exceeded",
    `even ${fastest.name} would take about ${seconds(fastest.ms)} for ${count} images, ${seconds(leftMs)} are left; ` +
      `allow --budget ${seconds(deadline.elapsedMs() + 1.1 * fastest.ms).replace(" ", "")} or use --limit ${limit}`,
  );
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
