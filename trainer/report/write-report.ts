import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";
import { loadCodec, loadJpegEncoder } from "../assets.ts";
import type { IndexedDataset } from "../data/dataset-index.ts";
import type { MetadataColumn } from "../data/metadata-table.ts";
import { type Evaluation, evaluationFile, evaluationSchema } from "../evaluation/evaluation-record.ts";
import {
  type PrecisionComparison,
  precisionComparisonSchema,
  precisionsFile,
} from "../release/compare-precisions.ts";
import { openPublished } from "../release/load-published.ts";
import { collectReport, type ReportRequest } from "./collect-report.ts";
import { renderReport } from "./render-report.ts";
import { readCrossValidation, readEpochs } from "./run-record.ts";

/** Which version is reported on. */
export interface ReportedVersion {
  readonly model: string;
  /** A version or an alias. */
  readonly reference: string;
  /** The images it was trained on, indexed as then. */
  readonly dataset: IndexedDataset;
  /** What the user tells of the images, to part them by. */
  readonly metadata?: readonly MetadataColumn[] | undefined;
  readonly onProgress?: NonNullable<ReportRequest["onProgress"]>;
}

/** A report as it was stored. */
export interface WrittenReport {
  readonly version: string;
  readonly bytes: Uint8Array;
  /** Keys in the store that hold it. */
  readonly keys: readonly string[];
}

/** The file of a version and of a run that holds its report. */
export const reportFile = "report.html";

/**
 * Writes the report on a published version beside it and beside its run. It holds photos of the dataset, so the
 * version's manifest does not list it, and copies of the version leave it out.
 * @throws not_found for a version without an evaluation; invalid_dataset when it was trained on other images
 */
export async function writeReport(
  store: ObjectStore,
  { model, reference, dataset, metadata, onProgress }: ReportedVersion,
): Promise<WrittenReport> {
  const codec = loadCodec();
  const { classifier, version, manifest } = await openPublished(store, model, reference, codec);
  try {
    const { datasetDigest, runId } = manifest.provenance;
    if (datasetDigest !== dataset.manifest.digest) {
      throw new AppError(
        "invalid_dataset",
        `${model} ${version} was trained on a dataset of digest ${datasetDigest}, this one has ` +
          `${dataset.manifest.digest}; name the folder or archive it was trained on`,
      );
    }
    const facts = await collectReport({
      manifest,
      classifier,
      evaluation: await readEvaluation(store, model, version),
      comparison: await readComparison(store, runId),
      dataset,
      metadata,
      epochs: await readEpochs(store, runId),
      crossValidation: await readCrossValidation(store, runId),
      codec,
      encodeJpeg: loadJpegEncoder(),
      ...(onProgress === undefined ? {} : { onProgress }),
    });
    const bytes = await renderReport(facts);
    const keys = [objectKeys.runFile(runId, reportFile), objectKeys.versionFile(model, version, reportFile)];
    for (const key of keys) await store.put(key, bytes);
    return { version, bytes, keys };
  } finally {
    classifier.dispose();
  }
}

/** The evaluation of a version. @throws not_found for one that was not evaluated here */
export async function readEvaluation(
  store: ObjectStore,
  model: string,
  version: string,
): Promise<Evaluation> {
  const found = await store.get(objectKeys.versionFile(model, version, evaluationFile));
  if (found.kind === "found") {
    const what = `${evaluationFile} of ${model} ${version}`;
    return parseJsonWith(evaluationSchema, new TextDecoder().decode(found.bytes), what, "invalid_manifest");
  }
  throw new AppError(
    "not_found",
    `${model} ${version} has no ${evaluationFile}: it was not evaluated here; evaluate it on labelled images`,
  );
}

/** How the ways of storing the weights compare; `null` for a run that left that out. */
async function readComparison(store: ObjectStore, runId: string): Promise<PrecisionComparison | null> {
  const found = await store.get(objectKeys.runFile(runId, precisionsFile));
  if (found.kind !== "found") return null;
  const what = `${precisionsFile} of run ${runId}`;
  return parseJsonWith(precisionComparisonSchema, new TextDecoder().decode(found.bytes), what);
}
