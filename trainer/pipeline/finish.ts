import * as z from "zod/mini";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import type { PipelineContext } from "./context.ts";
import { releaseLock } from "./lock.ts";
import {
  auditSchema,
  gateResultSchema,
  guardResultSchema,
  inspectionSchema,
  promotionSchema,
  qualitySchema,
} from "./results.ts";
import { readResult } from "./run-record.ts";

/** How a run ended. */
export const outcomes = [
  "promoted",
  "rejected",
  "rolled-back",
  "unsound-data",
  "reevaluated",
  "worn-out",
  "nothing-to-do",
  "failed",
] as const;

/** How a run ended, for people and for what comes next. */
export interface FinishResult {
  readonly outcome: (typeof outcomes)[number];
  /** At most 100 characters, as SNS takes it. */
  readonly subject: string;
  readonly message: string;
  /** Whether people want to hear of it: of a look that found nothing they do not. */
  readonly notify: boolean;
  /** Whether to begin once more: something wanted to start meanwhile. */
  readonly again: boolean;
}

/** What went wrong, as the state machine tells it. */
export const failureSchema = z.object({ Error: z.optional(z.string()), Cause: z.optional(z.string()) });

/**
 * Gives the lock back and tells how the run ended.
 * @param failure of the task that failed; without, the results of the tasks tell the outcome
 */
export async function finish(
  context: PipelineContext,
  run: PipelineRun,
  failure?: z.infer<typeof failureSchema>,
): Promise<FinishResult> {
  const { model } = run.request.settings;
  const { outcome, lines } = failure === undefined ? await outcomeOf(context, run) : failed(failure);
  const { again } = await releaseLock(context, model, run.execution);
  const subject = `edgewise ${model}: ${outcome}`.slice(0, 100);
  const message = [subject, `run ${run.runId}, started by ${run.request.trigger}`, ...lines].join("\n");
  return { outcome, subject, message, notify: outcome !== "nothing-to-do", again };
}

interface Ending {
  readonly outcome: FinishResult["outcome"];
  readonly lines: readonly string[];
}

/** The last task that has a result decides. */
async function outcomeOf(context: PipelineContext, run: PipelineRun): Promise<Ending> {
  const read = <T extends z.ZodMiniType>(task: string, schema: T) =>
    readResult(context.record, run.runId, task, schema);
  const inspection = await read("inspect", inspectionSchema);
  const because = inspection === null ? [] : [inspection.reason];
  const promotion = await read("promote", promotionSchema);
  if (promotion !== null) return { outcome: "promoted", lines: [`${promotion.version} serves`, ...because] };
  const rollback = await read("roll-back", promotionSchema);
  if (rollback !== null) {
    const guarded = await read("guard", guardResultSchema);
    const lines = [`${rollback.version} taken back, ${rollback.serving} serves`, ...(guarded?.reasons ?? [])];
    return { outcome: "rolled-back", lines };
  }
  const decision = await read("gate", gateResultSchema);
  if (decision !== null) return { outcome: "rejected", lines: [decision.version, ...decision.reasons] };
  const quality = await read("judge-champion", qualitySchema);
  if (quality !== null) {
    return { outcome: quality.wornOut ? "worn-out" : "reevaluated", lines: [quality.text, ...because] };
  }
  const audit = await read("audit", auditSchema);
  if (audit?.sound === false) return { outcome: "unsound-data", lines: audit.findings };
  return { outcome: "nothing-to-do", lines: because };
}

const longestCause = 2000;

function failed({ Error: name, Cause: cause }: z.infer<typeof failureSchema>): Ending {
  return { outcome: "failed", lines: [name ?? "unknown error", (cause ?? "").slice(0, longestCause)] };
}
