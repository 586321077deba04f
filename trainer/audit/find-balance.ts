import { type Split, splits } from "../../shared/contract/dataset.ts";
import type { AuditedImage } from "./examination.ts";
import type { Finding } from "./finding.ts";

/** Classes larger than this many times the smallest drown it. */
const largestRatio = 3;
/** Fewer images of a class than this leave too few to train and to test with. */
const leastImages = 30;

/** Classes that have too few images, or far fewer than another. */
export function findImbalance(
  images: readonly Pick<AuditedImage, "label">[],
  labels: readonly string[],
): Finding[] {
  const counts = labels
    .map((label) => ({ label, count: images.filter((image) => image.label === label).length }))
    .toSorted((a, b) => a.count - b.count);
  const [smallest] = counts;
  const largest = counts.at(-1);
  if (smallest === undefined || largest === undefined) return [];
  const findings: Finding[] = [];
  if (largest.count > largestRatio * smallest.count) {
    findings.push({
      check: "class-balance",
      severity: "warning",
      message:
        `class ${largest.label} has ${largest.count} images, ${smallest.label} ${smallest.count}: more than ` +
        `${largestRatio} times as many; add images of the small classes, or expect them to be missed`,
      images: [],
    });
  }
  const few = counts.filter(({ count }) => count < leastImages);
  if (few.length > 0) {
    findings.push({
      check: "class-balance",
      severity: "warning",
      message:
        `fewer than ${leastImages} images of ${few.map(({ label, count }) => `${label} (${count})`).join(", ")}; ` +
        "their recall cannot be measured to 10 points",
      images: [],
    });
  }
  return findings;
}

/** With fewer images of a class no draw brings it into every split. */
const leastPlaced = 4;

/** Classes that a split has no image of, since too many of theirs are placed as one. */
export function findMissingSplits(
  images: readonly { readonly label: string; readonly split: Split }[],
  labels: readonly string[],
): Finding[] {
  return labels.flatMap((label): Finding[] => {
    const own = images.filter((image) => image.label === label);
    const missing = splits.filter((split) => own.every((image) => image.split !== split));
    if (missing.length === 0 || own.length < leastPlaced) return [];
    return [
      {
        check: "class-balance",
        severity: "warning",
        message:
          `no image of ${label} is in ${missing.join(", ")}: its ${own.length} images are of too few sources, or too much ` +
          "alike, to be in every split; get images of other sources, or group them by something smaller",
        images: [],
      },
    ];
  });
}
