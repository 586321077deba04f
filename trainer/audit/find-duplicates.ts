import { groupNearDuplicates } from "../data/near-duplicates.ts";
import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";

/** What is looked at to tell copies. */
export type ComparedImage = Pick<
  AuditedImage,
  "path" | "label" | "givenSplit" | "sha256" | "perceptualHash" | "contrast"
>;

/** Images that are one picture. */
export interface DuplicateGroup<Image extends ComparedImage = ComparedImage> {
  readonly images: readonly Image[];
  /** Whether all files are the same, byte for byte. */
  readonly isExact: boolean;
}

/** Groups of two or more images that are one picture: the same bytes, or alike by their difference hash. */
export function groupDuplicates<Image extends ComparedImage>(
  images: readonly Image[],
): DuplicateGroup<Image>[] {
  // A plain picture has an empty hash, which says nothing.
  const hashed = images.filter((image) => image.contrast >= 1);
  const near = groupNearDuplicates(hashed).map((group) => group.flatMap((i) => hashed[i] ?? []));
  const plain = images.filter((image) => image.contrast < 1);
  const exactPlain = [...Map.groupBy(plain, (image) => image.sha256).values()];
  return [...near, ...exactPlain]
    .filter((group) => group.length > 1)
    .map((group) => ({ images: group, isExact: new Set(group.map((image) => image.sha256)).size === 1 }));
}

/** One finding a group: an error where it crosses splits or classes, since then a test split tests on training images. */
export function findDuplicates(groups: readonly DuplicateGroup[]): Finding[] {
  return groups.map(({ images, isExact }): Finding => {
    const splits = new Set(images.map((image) => image.givenSplit));
    const labels = new Set(images.map((image) => image.label));
    const what = `${images.length} ${isExact ? "files are the same, byte for byte" : "files show the same picture"}`;
    const fault =
      splits.size > 1
        ? `they lie in the splits ${[...splits].join(" and ")}, so a test would be a lie; keep one`
        : labels.size > 1
          ? `they are labelled ${[...labels].join(" and ")}; keep the right one`
          : "keep one, they count as more than they are";
    return {
      check: isExact ? "exact-duplicate" : "near-duplicate",
      severity: splits.size > 1 || labels.size > 1 ? "error" : "warning",
      message: `${what}: ${fault}`,
      images: images.map(({ path, label }) => ({ path, label })),
    };
  });
}
