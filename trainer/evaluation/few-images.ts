import type { DatasetManifest } from "../../shared/contract/dataset.ts";
import type { CountedShare } from "./evaluation-record.ts";

/** Below this many images of a class a test has too few of it to say much. */
export const fewImages = 50;

/** The class with the fewest images. */
export function smallestClass({ images, labels }: Pick<DatasetManifest, "images" | "labels">): {
  readonly label: string;
  readonly images: number;
} {
  const counts = new Map(labels.map((label) => [label, 0]));
  for (const { label } of images) counts.set(label, (counts.get(label) ?? 0) + 1);
  const [label = "", count = 0] = [...counts].toSorted(([, a], [, b]) => a - b)[0] ?? [];
  return { label, images: count };
}

/**
 * A warning that the test of so few images is wide, with its interval; `null` where every class has enough.
 * @param isCrossValidated whether cross-validation says more
 */
export function describeFewImages(
  dataset: Pick<DatasetManifest, "images" | "labels">,
  { images, low, high }: CountedShare,
  isCrossValidated: boolean,
): string | null {
  const smallest = smallestClass(dataset);
  if (smallest.images >= fewImages) return null;
  const points = (100 * (high - low)).toFixed(0);
  return (
    `few images: the smallest class, ${smallest.label}, has ${smallest.images}, and the test ${images}, so that its ` +
    `accuracy is known to ${points} points: ${(100 * low).toFixed(1)} to ${(100 * high).toFixed(1)} % (95 %)` +
    (isCrossValidated ? "" : "; it was not cross-validated, which would be several trainings")
  );
}
