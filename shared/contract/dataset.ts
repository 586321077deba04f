import * as z from "zod/mini";
import { errorCodes } from "./errors.ts";
import { labelSetSchema } from "./labels.ts";
import { nameSchema, sha256Schema, timestampSchema } from "./names.ts";

/** The four parts of a dataset: fit weights, choose, fit the temperature, report once. */
export const splits = ["train", "validation", "calibration", "test"] as const;

/** One part of a dataset. */
export type Split = (typeof splits)[number];

const pathSchema = z.string().check(z.minLength(1), z.maxLength(1024));

/** One labelled image of a dataset. */
export const datasetImageSchema = z.strictObject({
  /** Relative to the dataset's root, `/`-separated. */
  path: pathSchema,
  sha256: sha256Schema,
  bytes: z.int().check(z.gt(0)),
  /** Pixels, after EXIF orientation. */
  width: z.int().check(z.gt(0)),
  /** Pixels, after EXIF orientation. */
  height: z.int().check(z.gt(0)),
  label: z.string(),
  split: z.enum(splits),
  /** Difference hash, 16 hex digits; near-duplicates share a split. */
  perceptualHash: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  /** What it is of one source with, where `groupBy` tells; they share a split. */
  source: z.optional(z.string()),
});

/** One labelled image of a dataset. */
export type DatasetImage = z.infer<typeof datasetImageSchema>;

/** The list of a dataset's images; written last, it is the commit marker of an upload. */
export const datasetManifestSchema = z.strictObject({
  schemaVersion: z.literal(1),
  dataset: nameSchema,
  /** First 16 hex digits of `digest`. */
  datasetVersion: z.string().check(z.regex(/^[0-9a-f]{16}$/)),
  /** SHA-256 over the sorted `label sha256 split` lines: the same images and splits, the same digest. */
  digest: sha256Schema,
  createdAt: timestampSchema,
  /** What images of one source were told by: `folder`, `sequence`, `camera` or an expression on the path; absent: nothing. */
  groupBy: z.optional(z.string()),
  labels: labelSetSchema,
  images: z.array(datasetImageSchema),
  /** Files that were left out, and why. */
  skipped: z.array(z.strictObject({ path: pathSchema, code: z.enum(errorCodes), reason: z.string() })),
});

/** The list of a dataset's images. */
export type DatasetManifest = z.infer<typeof datasetManifestSchema>;
