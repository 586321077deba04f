import * as z from "zod/mini";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { putOnce } from "../../shared/store/put-once.ts";
import { sha256Hex } from "../../shared/store/sha256.ts";
import { configDigest } from "../release/provenance.ts";
import { type ChosenPlan, planSchema } from "./plan.ts";

const configSchema = z.strictObject({
  model: z.string(),
  engine: z.string(),
  /** Digest of the dataset. */
  dataset: z.string(),
  /** What the caller fixed. */
  requested: z.record(z.string(), z.unknown()),
  plan: planSchema,
  /** The reason for the plan, in one line. */
  why: z.string(),
});

/** What a run is made of: `config.json`. */
export type RunConfig = z.infer<typeof configSchema>;

/** What is settled before the plan. */
export type RunRequest = Omit<RunConfig, "plan" | "why">;

/**
 * Writes what a run is made of. A run that goes on must be asked for the same, and keeps the plan that was chosen, as
 * the choice depends on how fast the machine was.
 * @throws invalid_argument when the run was asked for something else
 */
export async function settleConfig(
  store: ObjectStore,
  runId: string,
  request: RunRequest,
  choose: () => Promise<ChosenPlan>,
): Promise<RunConfig> {
  const key = objectKeys.runFile(runId, "config.json");
  const found = await store.get(key);
  if (found.kind === "found") return continued(found.bytes, runId, request);
  const { plan, why } = await choose();
  const config = { ...request, plan, why };
  const bytes = new TextEncoder().encode(`${JSON.stringify(config, null, 2)}\n`);
  try {
    await putOnce(store, key, bytes, await sha256Hex(bytes));
  } catch (cause) {
    if (isAppError(cause, "already_exists")) throw otherRun(runId, cause);
    throw cause;
  }
  return config;
}

async function continued(bytes: Uint8Array, runId: string, request: RunRequest): Promise<RunConfig> {
  const text = new TextDecoder().decode(bytes);
  const stored = parseJsonWith(configSchema, text, `config.json of run ${runId}`);
  const { plan: _, why: __, ...asked } = stored;
  if ((await configDigest(asked)) !== (await configDigest(request))) throw otherRun(runId);
  return stored;
}

function otherRun(runId: string, cause?: unknown): AppError {
  return new AppError(
    "invalid_argument",
    `run ${runId} was started with other images, settings, engine or model; repeat those or choose another --run`,
    { cause },
  );
}
