import * as z from "zod/mini";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import {
  type CrossValidation,
  crossValidationFile,
  crossValidationSchema,
} from "../evaluation/cross-validation-record.ts";
import type { EpochMetrics } from "../training/training-request.ts";

const epochSchema = z.object({
  epoch: z.int(),
  step: z.int(),
  learningRate: z.number(),
  trainLoss: z.number(),
  validationLoss: z.number(),
  validationTop1Accuracy: z.number(),
  best: z.boolean(),
});

/** The lines of a run's `metrics.jsonl`; none for a run without epochs. */
export async function readEpochs(store: ObjectStore, runId: string): Promise<EpochMetrics[]> {
  const found = await store.get(objectKeys.runFile(runId, "metrics.jsonl"));
  if (found.kind !== "found") return [];
  const lines = new TextDecoder().decode(found.bytes).trimEnd().split("\n");
  return lines.map((line, i) =>
    parseJsonWith(epochSchema, line, `line ${i + 1} of metrics.jsonl of run ${runId}`),
  );
}

/** Puts the cross-validation of a run beside it: the version, whose files stay what they are, is published by then. */
export async function writeCrossValidation(
  store: ObjectStore,
  runId: string,
  found: CrossValidation,
): Promise<void> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(found, null, 2)}\n`);
  await store.put(objectKeys.runFile(runId, crossValidationFile), bytes);
}

/** The cross-validation of a run; `null` for a run without one. */
export async function readCrossValidation(
  store: ObjectStore,
  runId: string,
): Promise<CrossValidation | null> {
  const found = await store.get(objectKeys.runFile(runId, crossValidationFile));
  if (found.kind !== "found") return null;
  const what = `${crossValidationFile} of run ${runId}`;
  return parseJsonWith(crossValidationSchema, new TextDecoder().decode(found.bytes), what);
}
