import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import { findImbalance } from "./find-balance.ts";
import { groupDuplicates } from "./find-duplicates.ts";

/**
 * What an index alone shows of a dataset's faults, a line each, for the eyes of whoever starts a training.
 * Looking at labels and pixels takes longer and is the work of `auditDataset`.
 */
export function describeFaults({ images, labels, skipped }: DatasetManifest): string[] {
  const compared = images.map((image) => ({ ...image, givenSplit: null, contrast: 255 }));
  const groups = groupDuplicates(compared);
  const copies = groups.reduce((sum, group) => sum + group.images.length - 1, 0);
  const contradicting = groups.filter((group) => new Set(group.images.map(({ label }) => label)).size > 1);
  const [example] = contradicting;
  return [
    ...(skipped.length > 0 ? [`${skipped.length} files are no readable image`] : []),
    ...(copies > 0 ? [`${copies} images are copies of others, kept in one split with them`] : []),
    ...(example === undefined
      ? []
      : [
          `${contradicting.length} pictures have two labels, such as ${example.images
            .slice(0, 2)
            .map(({ path }) => path)
            .join(" and ")}`,
        ]),
    ...findImbalance(images, labels).map(({ message }) => message),
  ];
}
