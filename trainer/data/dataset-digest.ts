import { createHash } from "node:crypto";
import type { DatasetImage } from "../../shared/contract/dataset.ts";

/**
 * SHA-256 over the sorted lines `label sha256 split`: equal for the same images in the same classes and splits,
 * wherever they lie and whatever their files are called.
 * @returns 64 hex digits
 */
export function datasetDigest(images: readonly Pick<DatasetImage, "label" | "sha256" | "split">[]): string {
  const lines = images.map(({ label, sha256, split }) => `${label} ${sha256} ${split}\n`);
  return createHash("sha256").update(lines.toSorted().join("")).digest("hex");
}
