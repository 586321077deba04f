import type * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import { decideGate } from "../evaluation/gate.ts";
import type { PipelineContext } from "./context.ts";
import { evaluationSchema, type gateResultSchema } from "./results.ts";
import { requireResult } from "./run-record.ts";

/** Decides by what `evaluate` measured whether the challenger may replace the champion. */
export async function gate(
  context: PipelineContext,
  run: PipelineRun,
): Promise<z.infer<typeof gateResultSchema>> {
  const { champion, challenger } = await requireResult(
    context.record,
    run.runId,
    "evaluate",
    evaluationSchema,
  );
  if (challenger === null) {
    throw new AppError("not_found", `run ${run.runId} evaluated no challenger; train one first`);
  }
  const { settings } = run.request;
  const decision = decideGate(challenger.test, champion?.test ?? null, settings.gate);
  context.measure({
    name: "ChallengerAccuracy",
    model: settings.model,
    value: challenger.test.top1Accuracy,
  });
  return {
    promote: decision.promote,
    version: challenger.version,
    reasons: decision.reasons.map(({ text }) => text),
  };
}
