import type * as z from "zod/mini";
import type { PipelineRun } from "../../shared/contract/pipeline.ts";
import { carryBackRollbacks } from "../../shared/store/carry-back.ts";
import { readAlias } from "../release/alias.ts";
import { promote } from "../release/promote.ts";
import { startRollout, takeBack } from "../release/rollout.ts";
import type { ReleaseContext } from "./context.ts";
import { type canarySchema, gateResultSchema, guardResultSchema, type promotionSchema } from "./results.ts";
import { readResult, requireResult } from "./run-record.ts";
import { serveAliases } from "./serve-aliases.ts";

/** Gives the challenger its share of the callers; the first version of a model has nothing to be compared with. */
export async function startCanary(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof canarySchema>> {
  const { settings } = run.request;
  const { version } = await challengerOf(context, run);
  const current = await readAlias(context.record, settings.model, settings.alias);
  const waitSeconds = settings.canaryStepSeconds;
  if (current === null || settings.canaryFraction === 0 || current.record.version === version) {
    return { kind: "direct", version, waitSeconds: 0 };
  }
  // Asked again after the Workers have ended it, it must not begin anew.
  if (current.record.lastRollback?.version !== version) {
    const { canaryFraction, shadow, guard } = settings;
    await startRollout(context.record, { ...moveOf(context, run), version, canaryFraction, shadow, guard });
  }
  await serveAliases(context, settings.model);
  return { kind: "canary", version, waitSeconds };
}

/** Looks whether the Workers have ended the trial; after enough looks the challenger has passed. */
export async function watchCanary(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof guardResultSchema>> {
  const { settings } = run.request;
  const { version } = await challengerOf(context, run);
  await carryBackRollbacks(context.serving, context.record);
  const current = await readAlias(context.record, settings.model, settings.alias);
  const before = await readResult(context.record, run.runId, "guard", guardResultSchema);
  const looks = (before?.looks ?? 0) + 1;
  if (current?.record.rollout?.version !== version) {
    const end = current?.record.lastRollback;
    const reason = end?.version === version ? `${end.by}: ${end.reason}` : "somebody else moved the alias";
    return { verdict: "roll-back", looks, reasons: [reason] };
  }
  return { verdict: looks >= settings.canarySteps ? "promote" : "wait", looks, reasons: [] };
}

/** Points the alias to the challenger, in the record and then where Workers read. */
export async function promoteChallenger(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof promotionSchema>> {
  const { version } = await challengerOf(context, run);
  const record = await promote(context.record, { ...moveOf(context, run), version });
  await serveAliases(context, run.request.settings.model);
  return { version, serving: record.version };
}

/** Ends the trial of this run's challenger, if it still goes on; what served before serves all again. */
export async function rollBackChallenger(
  context: ReleaseContext,
  run: PipelineRun,
): Promise<z.infer<typeof promotionSchema>> {
  const { model, alias } = run.request.settings;
  const challenger = await readResult(context.record, run.runId, "gate", gateResultSchema);
  const version = challenger?.version ?? null;
  await carryBackRollbacks(context.serving, context.record);
  const current = await readAlias(context.record, model, alias);
  if (version !== null && current?.record.rollout?.version === version) {
    await takeBack(context.record, moveOf(context, run));
  }
  await serveAliases(context, model);
  return { version, serving: current?.record.version ?? null };
}

async function challengerOf(context: ReleaseContext, run: PipelineRun): Promise<{ version: string }> {
  return requireResult(context.record, run.runId, "gate", gateResultSchema);
}

function moveOf(context: ReleaseContext, run: PipelineRun) {
  const { model, alias } = run.request.settings;
  return { model, alias, by: `pipeline run ${run.runId}`, now: context.now };
}
