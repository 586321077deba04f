import { createHash } from "node:crypto";
import { AppError } from "../../shared/contract/errors.ts";
import type { LabelledFile } from "./class-folders.ts";

/** Which share of a dataset is used. */
export interface Draw {
  /** Images to take in all. */
  readonly limit: number;
  readonly seed: number;
}

/**
 * Orders the files of each class by a seeded draw; the first of them are the sample.
 * The place of a file depends on the seed and its own path only.
 */
export function drawOrder(files: readonly LabelledFile[], seed: number): Map<string, LabelledFile[]> {
  const keyed = new Map<string, { readonly key: string; readonly file: LabelledFile }[]>();
  for (const file of files) {
    const key = createHash("sha256").update(`${seed} ${file.path}`).digest("hex");
    const ofLabel = keyed.get(file.label);
    if (ofLabel === undefined) keyed.set(file.label, [{ key, file }]);
    else ofLabel.push({ key, file });
  }
  const ordered = new Map<string, LabelledFile[]>();
  for (const [label, entries] of keyed) {
    const sorted = entries.toSorted((a, b) => (a.key < b.key ? -1 : 1));
    ordered.set(
      label,
      sorted.map(({ file }) => file),
    );
  }
  return ordered;
}

/**
 * How many images of each class a sample of `limit` has: in proportion to the sizes, by largest remainder, at least one.
 * @param sizes by label, positive
 * @returns by label, sums to `limit`, or to all images when there are fewer
 * @throws {AppError} invalid_argument when `limit` is below the number of classes
 */
export function stratifiedQuota(sizes: ReadonlyMap<string, number>, limit: number): Map<string, number> {
  const total = [...sizes.values()].reduce((sum, size) => sum + size, 0);
  if (limit >= total) return new Map(sizes);
  if (!Number.isInteger(limit) || limit < sizes.size) {
    throw new AppError(
      "invalid_argument",
      `limit is ${limit} images, the dataset has ${sizes.size} classes; allow at least one image a class`,
    );
  }
  const quota = new Map<string, number>();
  for (const [label, size] of sizes) quota.set(label, Math.max(1, Math.floor((limit * size) / total)));
  const wanted = (label: string): number =>
    (limit * (sizes.get(label) ?? 0)) / total - (quota.get(label) ?? 0);
  const sum = (): number => [...quota.values()].reduce((all, count) => all + count, 0);
  for (let left = limit - sum(); left !== 0; left += left > 0 ? -1 : 1) {
    const step = Math.sign(left);
    // The class that is furthest from its share gives or takes one.
    const label = [...sizes.keys()]
      .filter((name) => step > 0 || (quota.get(name) ?? 0) > 1)
      .reduce((best, name) => (step * (wanted(name) - wanted(best)) > 0 ? name : best));
    quota.set(label, (quota.get(label) ?? 0) + step);
  }
  return quota;
}
