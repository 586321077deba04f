import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { type LabelSet, labelSetSchema } from "../../shared/contract/labels.ts";
import { parseWith } from "../../shared/contract/parse.ts";

/** The labels of a file, and what had to be changed to make them a label set. */
export interface LabelFile {
  readonly labels: LabelSet;
  /** Labels that others had before them, as they are called now. */
  readonly renamed: readonly string[];
}

/**
 * The labels in a JSON file that exports lay beside a model, as Teachable Machine's metadata.json: one a line.
 * @returns null when it has none
 */
export function labelsOfMetadata(bytes: Uint8Array): Uint8Array | null {
  const parsed = z.safeParse(metadataSchema, parseJson(bytes));
  return parsed.success ? new TextEncoder().encode(parsed.data.labels.join("\n")) : null;
}

const metadataSchema = z.object({
  labels: z.array(z.string().check(z.regex(/^[^\r\n]+$/))).check(z.minLength(2)),
});

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}

/**
 * Reads a label file: a label on each line, in the order of the model's classes. Lines may begin with their number, as
 * in `0 background`. A label that stands there twice, as `crane` does in ImageNet's, gets the number of its class.
 * @param classes of the model
 * @throws invalid_argument when the file is no text or has not one label for each class
 */
export function readLabelFile(bytes: Uint8Array, classes: number): LabelFile {
  const lines = decodeLines(bytes);
  if (lines.length !== classes) {
    const background =
      lines.length === classes - 1
        ? '; where its first class is "background", add that as the first line'
        : "";
    throw new AppError(
      "invalid_argument",
      `the label file has ${lines.length} labels, the model ${classes} classes; ` +
        `give it one label a line, in the order of the classes${background}`,
    );
  }
  const numbered = lines.every((line, index) => new RegExp(String.raw`^${index}[\s:,]+\S`).test(line));
  const names = numbered ? lines.map((line) => line.replace(/^\d+[\s:,]+/, "")) : lines;
  const seen = new Set<string>();
  const renamed: string[] = [];
  const labels = names.map((name, index) => {
    const unique = seen.has(name.toLowerCase()) ? `${name} (class ${index})` : name;
    if (unique !== name) renamed.push(unique);
    seen.add(unique.toLowerCase());
    return unique;
  });
  return { labels: parseWith(labelSetSchema, labels, "label file"), renamed };
}

function decodeLines(bytes: Uint8Array): string[] {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    return text
      .trimEnd()
      .split(/\r?\n/)
      .map((line) => line.trim());
  } catch (cause) {
    throw new AppError("invalid_argument", "the label file is not UTF-8 text; give it one label a line", {
      cause,
    });
  }
}
