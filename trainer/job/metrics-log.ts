import { objectKeys } from "../../shared/contract/object-keys.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import type { EpochMetrics } from "../training/training-request.ts";

/** The `metrics.jsonl` of a run: one JSON object a line, an epoch each. */
export interface MetricsLog {
  /** Takes the metrics of one more epoch and writes them, after what is being written. */
  readonly append: (metrics: EpochMetrics) => void;
  /** Resolves once everything is written. @throws what the store threw */
  readonly flush: () => Promise<void>;
}

/** Opens the log of a run; a continued run keeps the lines of the epochs before. */
export async function openMetricsLog(store: ObjectStore, runId: string): Promise<MetricsLog> {
  const key = objectKeys.runFile(runId, "metrics.jsonl");
  const written = await store.get(key);
  const lines = written.kind === "found" ? new TextDecoder().decode(written.bytes).trimEnd().split("\n") : [];
  let writing: Promise<unknown> = Promise.resolve();
  let failure: { readonly error: unknown } | null = null;
  return {
    append: (metrics) => {
      lines.splice(metrics.epoch, Infinity, JSON.stringify(metrics));
      const bytes = new TextEncoder().encode(`${lines.join("\n")}\n`);
      writing = writing
        .then(() => store.put(key, bytes))
        .catch((error: unknown) => {
          failure ??= { error };
        });
    },
    flush: async () => {
      await writing;
      if (failure !== null) throw failure.error;
    },
  };
}
