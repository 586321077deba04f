import type * as z from "zod/mini";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import type { PipelineContext } from "./context.ts";
import { auditSchema } from "./results.ts";
import { requireResult } from "./run-record.ts";

/** Tells what the audit found, as its job can only end or fail. */
export function judgeData(context: PipelineContext, run: PipelineRun): Promise<z.infer<typeof auditSchema>> {
  return requireResult(context.record, run.runId, "audit", auditSchema);
}
