import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { retrainRequestSchema } from "../../shared/contract/pipeline.ts";
import { compactTimestamp } from "../release/version.ts";
import type { PipelineContext } from "./context.ts";
import { takeLock } from "./lock.ts";
import { pipelineFile, writeRun } from "./run-record.ts";

/** What `begin` takes: the execution and the input it was started with. */
export const beginInputSchema = z.strictObject({
  execution: z.string().check(z.minLength(1)),
  request: retrainRequestSchema,
});

/** Whether this execution may run. */
export interface BeginResult {
  readonly outcome: "started" | "busy";
  readonly runId: string;
}

/** Takes the lock of the model and records the run. @throws invalid_argument for a wrong request */
export async function begin(
  context: PipelineContext,
  { execution, request }: z.infer<typeof beginInputSchema>,
): Promise<BeginResult> {
  const { model } = request.settings;
  const startedAt = context.now();
  const digest = createHash("sha256")
    .update(`${model} ${execution} ${startedAt.toISOString()}`)
    .digest("hex");
  const lock = await takeLock(context, model, {
    execution,
    runId: `${compactTimestamp(startedAt)}-${digest.slice(0, 4)}`,
  });
  if (lock.kind === "busy") return { outcome: "busy", runId: "" };
  const { runId } = lock;
  // An earlier try of the same execution may have stopped between the lock and the record.
  if ((await context.record.head(objectKeys.runFile(runId, pipelineFile))) === null) {
    await writeRun(context.record, {
      schemaVersion: 1,
      runId,
      execution,
      startedAt: startedAt.toISOString(),
      // What came while it ran is data: the champion was measured just now.
      request: lock.again ? { ...request, trigger: "dataset", force: false } : request,
    });
  }
  return { outcome: "started", runId };
}
