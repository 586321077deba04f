import type { Split } from "../../shared/contract/dataset.ts";
import { findClassFolders, type SkippedFile } from "../data/class-folders.ts";
import { openDecodePool } from "../data/decode-pool.ts";
import type { FileTree } from "../data/file-tree.ts";
import { nameSources } from "../data/find-sources.ts";
import { openFileTree } from "../data/open-file-tree.ts";
import { assignSplits } from "../data/split.ts";
import { spreadEvenly } from "../data/spread-evenly.ts";
import type { AuditedImage } from "./examination.ts";
import type { Audit, Finding } from "./finding.ts";
import { type DuplicateGroup, findDuplicates, groupDuplicates } from "./find-duplicates.ts";
import { findEncoding } from "./find-encoding.ts";
import { findImbalance, findMissingSplits } from "./find-balance.ts";
import type { LabelDoubt } from "./find-label-errors.ts";
import { findLeakage, type PlacedFile } from "./find-leakage.ts";
import { findQuality } from "./find-quality.ts";
import { judgeLabels } from "./judge-labels.ts";

/** What is audited, and how. */
export interface AuditRequest {
  /** A folder of class folders, or an archive of one. */
  readonly path: string;
  /** Its files, where they are known already; `path` is then its name only. */
  readonly tree?: FileTree;
  /** Folder that keeps what was unpacked. */
  readonly cacheRoot: string;
  readonly seed: number;
  /** What tells images of one source, which share a split; see `findSources`. @default none */
  readonly groupBy?: string | undefined;
  /** Splits by SHA-256 that images have already; the others get those that training would give them. */
  readonly splits?: ReadonlyMap<string, Split> | undefined;
  readonly onProgress?: (
    phase: "unpack" | "examine" | "embed" | "train",
    done: number,
    total: number,
  ) => void;
}

/** An audit with the images it is about. */
export interface AuditedDataset {
  readonly audit: Audit;
  readonly images: readonly AuditedImage[];
}

/** Labels of more images than this are judged by an even part of them. */
const mostJudged = 10_000;
/** With fewer images a model judges nothing. */
const leastJudged = 20;

/**
 * Looks for what spoils a dataset: unreadable files, copies, wrong labels, classes out of balance, spoilt images, odd
 * encodings, sources on both sides of a split. Reads every file, changes none.
 * @throws {AppError} not_found, invalid_archive; invalid_dataset for fewer than two classes
 */
export async function auditDataset(request: AuditRequest): Promise<AuditedDataset> {
  const { path, cacheRoot, onProgress } = request;
  const tree =
    request.tree ??
    (await openFileTree(path, cacheRoot, (done, total) => onProgress?.("unpack", done, total)));
  const { labels, images, unreadable } = await examineTree(tree, onProgress);
  const placed = placeImages(images, request);
  const duplicates = groupDuplicates(images);
  const judged = await doubtLabels(request, images, labels, groupNumbers(images, duplicates));
  const findings = [
    ...describeUnreadable(unreadable),
    ...findDuplicates(duplicates),
    ...describeDoubts(judged, labels),
    ...findImbalance(images, labels),
    ...findMissingSplits(placed, labels),
    ...findLeakage(placed),
    ...findQuality(images),
    ...findEncoding(images),
  ];
  const classes = labels.map((label) => ({
    label,
    images: images.filter((image) => image.label === label).length,
  }));
  return {
    images,
    audit: {
      schemaVersion: 1,
      path,
      ...(request.groupBy === undefined ? {} : { groupBy: request.groupBy }),
      images: images.length,
      classes,
      features: judged.features,
      judgedLabels: judged.images.length,
      findings: findings.toSorted((a, b) => severityRank(a) - severityRank(b)),
    },
  };
}

/** Gives images the splits that training gives them. */
function placeImages(
  images: readonly AuditedImage[],
  { groupBy = "none", splits: previous }: AuditRequest,
): (AuditedImage & PlacedFile)[] {
  const names = nameSources(images, groupBy);
  const sourced = images.map((image) => ({ ...image, source: names.get(image.path) }));
  const assigned = assignSplits(sourced, { previous });
  return sourced.map((image, i) => ({ ...image, split: assigned[i] ?? "train" }));
}

interface ExaminedTree {
  readonly labels: readonly string[];
  readonly images: readonly AuditedImage[];
  readonly unreadable: readonly (SkippedFile & { readonly label: string | null })[];
}

async function examineTree(tree: FileTree, onProgress: AuditRequest["onProgress"]): Promise<ExaminedTree> {
  const found = findClassFolders(tree);
  const pool = openDecodePool();
  try {
    const ranges = found.files.map((file) => file.range);
    const results = await pool.examine(ranges, (done) => onProgress?.("examine", done, ranges.length));
    const images: AuditedImage[] = [];
    const unreadable = found.skipped.map((file): ExaminedTree["unreadable"][number] => ({
      ...file,
      label: null,
    }));
    for (const [i, file] of found.files.entries()) {
      const result = results[i];
      if (result?.kind === "image") images.push({ ...file, ...result });
      else if (result !== undefined) unreadable.push({ ...result, path: file.path, label: file.label });
    }
    return { labels: found.labels, images, unreadable };
  } finally {
    await pool.close();
  }
}

interface DoubtedImages {
  readonly features: string;
  readonly images: readonly AuditedImage[];
  readonly doubts: readonly LabelDoubt[];
}

async function doubtLabels(
  { seed, onProgress }: AuditRequest,
  all: readonly AuditedImage[],
  labels: readonly string[],
  groups: ReadonlyMap<AuditedImage, number>,
): Promise<DoubtedImages> {
  const images = spreadEvenly(all, mostJudged);
  if (images.length < leastJudged) return { features: "nothing: too few images", images: [], doubts: [] };
  const folded = {
    labels: Int32Array.from(images, (image) => labels.indexOf(image.label)),
    classes: labels.length,
    groups: images.map((image, i) => groups.get(image) ?? all.length + i),
    seed,
  };
  const { judge, doubts } = await judgeLabels(images, folded, onProgress);
  return doubts === null ? { features: judge, images: [], doubts: [] } : { features: judge, images, doubts };
}

function groupNumbers(
  images: readonly AuditedImage[],
  duplicates: readonly DuplicateGroup<AuditedImage>[],
): Map<AuditedImage, number> {
  const numbers = new Map(images.map((image, i) => [image, i]));
  for (const [group, members] of duplicates.entries()) {
    for (const image of members.images) numbers.set(image, -1 - group);
  }
  return numbers;
}

function describeUnreadable(unreadable: ExaminedTree["unreadable"]): Finding[] {
  if (unreadable.length === 0) return [];
  return [
    {
      check: "unreadable",
      severity: "warning",
      message: `left out, since no readable image: ${unreadable.length} of the files; copy them again or remove them`,
      images: unreadable.map(({ path, label, reason }) => ({ path, label, note: reason })),
    },
  ];
}

function describeDoubts({ images, doubts, features }: DoubtedImages, labels: readonly string[]): Finding[] {
  if (doubts.length === 0) return [];
  return [
    {
      check: "label-error",
      severity: "warning",
      message:
        `${doubts.length} of ${images.length} labels are doubtful, judged by ${features}, none by a model that saw it; ` +
        "look at each, some are right",
      images: doubts.flatMap(({ index, suggested, doubt }) => {
        const image = images[index];
        const note = `looks like ${labels[suggested] ?? ""}, doubt ${doubt.toFixed(2)}`;
        return image === undefined ? [] : [{ path: image.path, label: image.label, note }];
      }),
    },
  ];
}

function severityRank({ severity }: Finding): number {
  return { error: 0, warning: 1, note: 2 }[severity];
}
