import { isAppError } from "../../shared/contract/errors.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { precisionsFile } from "../release/compare-precisions.ts";
import { writeReport } from "../report/write-report.ts";
import { createPhaseProgress } from "../terminal/progress.ts";
import type { Reporter } from "./reporter.ts";
import type { JobResult } from "./run-job.ts";

/**
 * Compares the ways of storing what a job published, and writes the report on it. The version stands and serves already, so a report that cannot be made is
 * told of, and no failure of the job.
 */
export async function reportRun(
  {
    manifest,
    dataset,
    metadata,
    comparePrecisions,
  }: Pick<JobResult, "manifest" | "dataset" | "metadata" | "comparePrecisions">,
  store: ObjectStore,
  reporter: Reporter,
): Promise<void> {
  const bars = createPhaseProgress(reporter.progress);
  try {
    const { model, version, provenance } = manifest;
    const comparison = await comparePrecisions((scheme, done, total) =>
      bars.update(`compare: ${scheme}`, done, total),
    );
    const key = objectKeys.runFile(provenance.runId, precisionsFile);
    await store.put(key, new TextEncoder().encode(`${JSON.stringify(comparison)}\n`));
    const { keys } = await writeReport(store, {
      model,
      reference: version,
      dataset,
      metadata: metadata?.columns,
      onProgress: (phase, done, total) => bars.update(`report: ${phase}`, done, total),
    });
    reporter.say(`report: ${keys[0] ?? ""}`);
  } catch (error) {
    if (!isAppError(error)) throw error;
    reporter.say(`no report: ${error.message}; edgewise report makes it anew`);
  } finally {
    bars.end();
  }
}
