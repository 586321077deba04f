import { AppError } from "../../shared/contract/errors.ts";
import { findClassFolders, type SkippedFile } from "../data/class-folders.ts";
import { openDecodePool } from "../data/decode-pool.ts";
import { readRange } from "../data/file-tree.ts";
import { openFileTree } from "../data/open-file-tree.ts";
import type { LabelledImage, OnImage } from "./labelled-image.ts";

/** Labelled images that were not split, all of them to be evaluated. */
export interface LabelledFolder {
  readonly images: readonly LabelledImage[];
  /** Files that are no readable image. */
  readonly skipped: readonly SkippedFile[];
}

/**
 * The images of a labelled folder or archive, for a model that knows its classes.
 * @param labels of the model; the folder may lack some
 * @param cacheRoot folder that keeps what was unpacked
 * @throws not_found, invalid_archive; invalid_dataset for a class the model does not know or no readable image
 */
export async function readLabelledFolder(
  path: string,
  labels: readonly string[],
  cacheRoot: string,
  onImage: OnImage = () => undefined,
): Promise<LabelledFolder> {
  const found = findClassFolders(await openFileTree(path, cacheRoot));
  const unknown = found.labels.filter((label) => !labels.includes(label));
  if (unknown.length > 0) {
    throw new AppError(
      "invalid_dataset",
      `${path} has the class ${unknown.join(", ")}, the model knows ${labels.slice(0, 20).join(", ")}; ` +
        "rename or remove that folder, or name the model that was trained on it",
    );
  }
  const pool = openDecodePool();
  try {
    const ranges = found.files.map((file) => file.range);
    const inspected = await pool.inspect(ranges, (done) => onImage(done, ranges.length));
    const images: LabelledImage[] = [];
    const skipped = [...found.skipped];
    for (const [index, file] of found.files.entries()) {
      const result = inspected[index];
      if (result?.kind === "image") {
        const classIndex = labels.indexOf(file.label);
        images.push({ path: file.path, classIndex, read: () => readRange(file.range) });
      } else if (result !== undefined) {
        skipped.push({ path: file.path, code: result.code, reason: result.reason });
      }
    }
    if (images.length > 0) return { images, skipped };
  } finally {
    await pool.close();
  }
  throw new AppError(
    "invalid_dataset",
    `${path} has no readable image; put JPEG, PNG or WebP files into its folders`,
  );
}
