import { join } from "node:path";
import type * as z from "zod/mini";
import type { RetrainSettings } from "../../shared/contract/pipeline.ts";
import { auditDataset } from "../audit/audit-dataset.ts";
import { renderAudit } from "../audit/audit-page.ts";
import type { Finding } from "../audit/finding.ts";
import type { FetchedDataset } from "../data/fetch-dataset.ts";
import type { FileTree } from "../data/file-tree.ts";
import type { auditSchema } from "./results.ts";

/** Findings that are told; the page shows all. */
const mostTold = 20;

/** An audit as the pipeline goes on with it, and its page for people; the page holds pictures of the dataset. */
export interface PipelineAudit {
  readonly result: z.infer<typeof auditSchema>;
  readonly page: Uint8Array;
}

/** Judges a dataset by what could not be fetched or read, and by what an audit finds in the rest. */
export async function auditFetched(
  dataset: FetchedDataset,
  settings: Pick<RetrainSettings, "maximumFaultShare" | "maximumAuditErrorShare" | "seed">,
  scratch: string,
): Promise<PipelineAudit> {
  const { manifest, faults } = dataset;
  const images = manifest.images.length + faults.length;
  const audited = await auditDataset({
    path: `${manifest.dataset} ${manifest.datasetVersion}`,
    tree: treeOf(dataset),
    cacheRoot: join(scratch, "audit"),
    seed: settings.seed,
    splits: new Map(manifest.images.map(({ sha256, split }) => [sha256, split])),
  });
  const { findings } = audited.audit;
  const wrong = imagesOf(findings.filter(({ severity }) => severity === "error"));
  const obstacles = [
    ...obstacle(faults.length, images, settings.maximumFaultShare, "cannot be used"),
    ...obstacle(wrong, images, settings.maximumAuditErrorShare, "have errors"),
  ];
  const told = [
    ...obstacles,
    ...faults.map(({ path, reason }) => `${path}: ${reason}`),
    ...findings
      .filter(({ severity }) => severity !== "note")
      .map(({ severity, message }) => `${severity}: ${message}`),
  ];
  return {
    result: {
      sound: obstacles.length === 0,
      images,
      faults: faults.length,
      findings: told.slice(0, mostTold),
    },
    page: await renderAudit(audited),
  };
}

/** The fetched files as class folders, whatever their paths are. */
function treeOf({ manifest, ranges }: FetchedDataset): FileTree {
  const files = manifest.images.flatMap(({ path, label }) => {
    const range = ranges.get(path);
    if (range === undefined) return [];
    return [{ path: path.startsWith(`${label}/`) ? path : `${label}/${path.replaceAll("/", " ")}`, range }];
  });
  return { folders: manifest.labels, files };
}

function imagesOf(findings: readonly Finding[]): number {
  return new Set(findings.flatMap((finding) => finding.images.map(({ path }) => path))).size;
}

function obstacle(found: number, images: number, allowed: number, what: string): string[] {
  if (found <= allowed * images) return [];
  return [`${found} of ${images} images ${what}, ${(allowed * 100).toFixed(1)} % may`];
}
