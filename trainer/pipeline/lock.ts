import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import { type PipelineLock, pipelineLockSchema } from "../../shared/contract/pipeline.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { PipelineContext } from "./context.ts";

/** How a try to take the lock of a model ended. */
export type LockOutcome =
  /** This execution holds it; `runId` is that of its first try. `again`: it has held and released it before. */
  | { readonly kind: "held"; readonly runId: string; readonly again: boolean }
  /** Another one holds it and will run once more when it ends. */
  | { readonly kind: "busy"; readonly holder: string };

/** Longer than any execution may last: the state machine ends it before. */
const lockMs = 37 * 3_600_000;
const mostAttempts = 16;

/**
 * Takes the lock of a model for one execution. One that asks again, as after a lost answer, gets the same run. While another
 * execution holds it, that one is told to run again; a holder that does not run any more loses it.
 */
export async function takeLock(
  context: PipelineContext,
  model: string,
  claim: { readonly execution: string; readonly runId: string },
): Promise<LockOutcome> {
  const expiresAt = new Date(context.now().getTime() + lockMs).toISOString();
  const own = { schemaVersion: 1, ...claim, expiresAt, pending: false, released: false } as const;
  return moveLock<LockOutcome>(context.record, model, async (lock) => {
    if (lock === null || !(await isHeld(context, lock))) {
      const again = lock?.execution === claim.execution && lock.released;
      return { next: own, result: { kind: "held", runId: claim.runId, again } };
    }
    if (lock.execution === claim.execution) {
      return { next: lock, result: { kind: "held", runId: lock.runId, again: false } };
    }
    return { next: { ...lock, pending: true }, result: { kind: "busy", holder: lock.execution } };
  });
}

/**
 * Gives the lock back, if this execution holds it.
 * @returns `again` when something wanted to start meanwhile; told once
 */
export async function releaseLock(
  context: PipelineContext,
  model: string,
  execution: string,
): Promise<{ readonly again: boolean }> {
  return moveLock(context.record, model, async (lock) => {
    if (lock === null || lock.execution !== execution || lock.released) {
      return { next: lock, result: { again: false } };
    }
    return { next: { ...lock, released: true, pending: false }, result: { again: lock.pending } };
  });
}

async function isHeld(context: PipelineContext, lock: PipelineLock): Promise<boolean> {
  if (lock.released || Date.parse(lock.expiresAt) <= context.now().getTime()) return false;
  return context.isRunning(lock.execution);
}

/** Reads, decides and writes until nobody else wrote in between. */
async function moveLock<T>(
  store: ObjectStore,
  model: string,
  decide: (lock: PipelineLock | null) => Promise<{ readonly next: PipelineLock | null; readonly result: T }>,
): Promise<T> {
  const key = objectKeys.pipelineLock(model);
  for (let attempt = 1; attempt <= mostAttempts; attempt += 1) {
    const found = await store.get(key);
    const lock =
      found.kind === "found"
        ? parseJsonWith(pipelineLockSchema, new TextDecoder().decode(found.bytes), `lock ${key}`)
        : null;
    const { next, result } = await decide(lock);
    if (next === null || JSON.stringify(next) === JSON.stringify(lock)) return result;
    const bytes = new TextEncoder().encode(`${JSON.stringify(next)}\n`);
    try {
      await store.put(
        key,
        bytes,
        found.kind === "found" ? { ifMatch: found.info.etag } : { ifNoneMatch: "*" },
      );
      return result;
    } catch (error) {
      if (!isAppError(error, "precondition_failed")) throw error;
    }
  }
  throw new AppError(
    "precondition_failed",
    `lock ${key} was moved by others ${mostAttempts} times in a row; start the run again`,
  );
}
