import { AppError } from "../../shared/contract/errors.ts";
import { backboneOf } from "../backbones/registry.ts";
import { countOf, estimateReleaseMs, type HeadFacts } from "./head-estimate.ts";
import type { ChosenPlan, FinetunePlan } from "./plan.ts";

/** What of a plan the caller fixed. */
export interface FixedFinetune {
  readonly views: boolean;
  readonly teacher: boolean;
}

/** What a machine takes for it; `imageMs` at the size of the plan. */
export type FinetuneFacts = Omit<HeadFacts, "fitSpeed">;

/** Rendering a view, in milliseconds. */
const viewMs = 2;
/** Images are decoded anew for the net, its views and its teacher. */
const decodings = 5;
/** The share of the time that tuning takes: where it is longer, it ends for the release. */
const tuneShare = 0.2;
/** Machines have other work. */
const caution = 1.25;

/**
 * Fits a plan for last layers into the time that is left: fewer views first, then no teacher.
 * @param leftMs until the promotion; infinite without a budget, which changes nothing
 * @throws budget_exceeded when the time cannot do
 */
export function fitFinetunePlan(
  plan: FinetunePlan,
  fixed: FixedFinetune,
  facts: FinetuneFacts,
  leftMs: number,
): ChosenPlan {
  const whole = { plan, why: "as asked" };
  if (estimateFinetuneMs(plan, facts) <= leftMs) return whole;
  const counts = fixed.views
    ? [plan.views]
    : Array.from({ length: plan.views }, (_, i) => plan.views - 1 - i);
  for (const teacher of fixed.teacher ? [plan.teacher] : [plan.teacher, null]) {
    for (const views of counts) {
      const smaller = { ...plan, views, teacher };
      if (estimateFinetuneMs(smaller, facts) > leftMs) continue;
      const left = teacher === plan.teacher ? "" : ", without a teacher";
      return { plan: smaller, why: `as asked; ${views} of ${plan.views} views of each image fit${left}` };
    }
  }
  const least = { ...plan, views: counts.at(-1) ?? plan.views, teacher: fixed.teacher ? plan.teacher : null };
  throw new AppError(
    "budget_exceeded",
    `tuning ${plan.backbone} takes about ${seconds(estimateFinetuneMs(least, facts))} at the least, ` +
      `${seconds(leftMs)} are left; allow a longer --budget, take fewer images by --limit or a head by --mode head`,
  );
}

/** Milliseconds of tuning last layers, until the promotion. */
export function estimateFinetuneMs(
  { views, teacher, backbone, size }: FinetunePlan,
  facts: FinetuneFacts,
): number {
  const { dataset, decodeMs, imageMs } = facts;
  const train = countOf(dataset, "train");
  const validation = countOf(dataset, "validation");
  const net = backboneOf(backbone);
  const macs = net.macs * (size / net.size) ** 2;
  const teacherMs = teacher === null ? 0 : (imageMs * backboneOf(teacher).macs) / macs;
  // Features for the head that it begins with, then of every view, and those of validation twice.
  const own = (train + train * (views + 1) + 2 * validation) * imageMs;
  const taught = (train + train * (views + 1)) * teacherMs;
  const rendered = train * (views + 1) * (teacher === null ? 1 : 2) * viewMs;
  const decoded = decodings * decodeMs * dataset.images.length;
  return (caution * (own + taught + rendered + decoded)) / (1 - tuneShare) + estimateReleaseMs(facts);
}

function seconds(ms: number): string {
  return `${Math.max(0, Math.ceil(ms / 1000))} s`;
}
