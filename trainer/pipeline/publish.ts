import type * as z from "zod/mini";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import { copyVersion } from "../../shared/store/copy-version.ts";
import { createPrefixedStore } from "../../shared/store/prefixed-store.ts";
import { promote } from "../release/promote.ts";
import type { ReleaseContext } from "./context.ts";
import { gateResultSchema, type publicationSchema } from "./results.ts";
import { requireResult } from "./run-record.ts";
import { serveAliases } from "./serve-aliases.ts";

/** The alias of the version that is compared with the champion. */
export const challengerAlias = "challenger";

/**
 * Publishes the version that passed the gate: from the candidates of its run to the record, then to what Workers read,
 * the alias `challenger` last. Stopped anywhere and called again, it completes what is missing.
 */
export async function publish(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof publicationSchema>> {
  const { model } = run.request.settings;
  const { version } = await requireResult(context.record, run.runId, "gate", gateResultSchema);
  const candidates = createPrefixedStore(context.record, objectKeys.candidate(run.runId));
  await copyVersion(candidates, context.record, { model, version });
  await copyVersion(context.record, context.serving, { model, version });
  const { manifestSha256 } = await promote(context.record, {
    model,
    alias: challengerAlias,
    version,
    by: `pipeline run ${run.runId}`,
    now: context.now,
  });
  await serveAliases(context, model);
  return { version, manifestSha256 };
}
