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
