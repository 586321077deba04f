import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import { findImbalance, findMissingSplits } from "./find-balance.ts";
import { groupDuplicates } from "./find-duplicates.ts";
import { findLeakedScenes, findLeakedSources } from "./find-leakage.ts";

/**
 * What an index alone shows of a dataset's faults, a line each, for the eyes of whoever starts a training.
 * Looking at labels and pixels takes longer and is the work of `auditDataset`.
 */
export function describeFaults(manifest: DatasetManifest): string[] {
  const { images, labels, skipped } = manifest;
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
    ...describeLeaks(manifest),
    ...[...findImbalance(images, labels), ...findMissingSplits(images, labels)].map(({ message }) => message),
  ];
}

/** What of an index is both trained on and measured by, a line each: sources that names tell of, and scenes. */
export function describeLeaks({ images }: Pick<DatasetManifest, "images">): string[] {
  const sources = Map.groupBy(findLeakedSources(images), ({ groupBy }) => groupBy);
  const alike = findLeakedScenes(images).reduce((sum, scene) => sum + scene.length, 0);
  return [
    ...[...sources].map(
      ([groupBy, leaked]) =>
        `${leaked.length} sources lie in train and in other splits, such as ${groupBy} ${leaked[0]?.name}, so what is ` +
        `measured was seen in training; --group-by ${groupBy} keeps each in one`,
    ),
    ...(alike > 0
      ? [
          `${alike} images are nearly alike, too many to be placed as one, and lie in train and in other splits; ` +
            "--group-by sequence keeps those together that follow each other",
        ]
      : []),
  ];
}
