import * as z from "zod/mini";

const share = z.number().check(z.gte(0), z.lte(1));

/** `cross-validation.json` of a run: what training anew without each part of the images found. */
export const crossValidationSchema = z.strictObject({
  folds: z.int().check(z.gte(2)),
  /** Images that were each classified once, by a model that had not seen them. */
  images: z.int().check(z.gte(1)),
  top1Accuracy: share,
  /** Holds the true accuracy in 95 of 100 cases. */
  interval: z.strictObject({ low: share, high: share }),
  /** Whether the way to learn was chosen for every fold, or once by all images, which flatters a little. */
  choice: z.enum(["anew", "once"]),
});

/** What training anew without each part of the images says of a way to train. */
export type CrossValidation = z.infer<typeof crossValidationSchema>;

/** The file of a run that holds its {@link CrossValidation}. */
export const crossValidationFile = "cross-validation.json";
