import * as z from "zod/mini";
import { nameSchema, versionSchema } from "./names.ts";

const fraction = z.number().check(z.gte(0), z.lte(1));

const topKMessage = "must be a whole number of 1 to 9999";
const thresholdMessage = "must be a number of 0 to 1";

/** What `classify` may be asked. */
export const classifyOptionsSchema = z.object({
  /** How many classes are answered, at most all; 5 unless told. */
  topK: z.optional(z.int(topKMessage).check(z.gte(1, topKMessage), z.lte(9999, topKMessage))),
  /** Replaces the thresholds of the manifest. */
  threshold: z.optional(
    z.number(thresholdMessage).check(z.gte(0, thresholdMessage), z.lte(1, thresholdMessage)),
  ),
});

/** What `classify` may be asked. */
export type ClassifyOptions = z.infer<typeof classifyOptionsSchema>;

/** One class with its probability. */
export const predictionSchema = z.strictObject({
  label: z.string(),
  /** 0..C-1, position in the label set. */
  classIndex: z.int().check(z.gte(0)),
  /** 0..1, after softmax with the model's temperature. */
  probability: fraction,
});

/** One class with its probability. */
export type Prediction = z.infer<typeof predictionSchema>;

/** The answer to one image. */
export const classificationSchema = z.strictObject({
  /** Most probable first. */
  predictions: z.array(predictionSchema),
  /** Whether the image shows none of the classes, by the manifest's rule. */
  unknown: z.boolean(),
  /** Whether the top class is not unknown and passed its threshold. */
  recognized: z.boolean(),
});

/** The answer to one image. */
export type Classification = z.infer<typeof classificationSchema>;

/** The HTTP answer to a request with one image. */
export const classifyAnswerSchema = z.strictObject({
  model: nameSchema,
  version: versionSchema,
  ...classificationSchema.shape,
  requestId: z.string(),
});

/** The HTTP answer to a request with one image. */
export type ClassifyAnswer = z.infer<typeof classifyAnswerSchema>;
