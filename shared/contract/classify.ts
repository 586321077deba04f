import * as z from "zod/mini";
import { nameSchema, versionSchema } from "./names.ts";
import { predictionSchema } from "./prediction.ts";
import { problemSchema } from "./problem.ts";

const fraction = z.number().check(z.gte(0), z.lte(1));

/** Where in an image the evidence for a class lies. */
export const explanationSchema = z.strictObject({
  /** Class-activation map: features before pooling, weighted by the class. */
  method: z.literal("cam"),
  label: z.string(),
  classIndex: z.int().check(z.gte(0)),
  /** Cells. */
  width: z.int().check(z.gt(0)),
  /** Cells. */
  height: z.int().check(z.gt(0)),
  /** Row by row from the top left; 0 says nothing for the class, 1 is the strongest cell. */
  values: z.array(fraction),
  /** The part of the image that the cells cover, in fractions of its sides; beyond 0..1 lie the model's bars. */
  area: z.strictObject({ left: z.number(), top: z.number(), width: z.number(), height: z.number() }),
  /** Pixels of the image as it is seen, its orientation applied. */
  size: z.strictObject({ width: z.int(), height: z.int() }),
  /** A data URI of a PNG as high and wide in proportion as the image, to lay over it; the HTTP API draws it. */
  overlay: z.optional(z.string()),
});

/** Where in an image the evidence for a class lies. */
export type Explanation = z.infer<typeof explanationSchema>;

/** The answer to one image. */
export const classificationSchema = z.strictObject({
  /** Most probable first. */
  predictions: z.array(predictionSchema),
  /** Whether the image shows none of the classes, by the manifest's rule. */
  unknown: z.boolean(),
  /** The least probability at which the top class counts as recognised, 0..1. */
  threshold: fraction,
  /** Whether the top class is not unknown and passed its threshold. */
  recognized: z.boolean(),
  /** Where it was asked for. */
  explanation: z.optional(explanationSchema),
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

/** What became of one of several images. */
export const imageResultSchema = z.discriminatedUnion("outcome", [
  z.strictObject({
    outcome: z.literal("classified"),
    /** File name of a form, else `null`. */
    name: z.nullable(z.string()),
    /** That answered this image; it may change between two images when a promotion falls between them. */
    version: versionSchema,
    ...classificationSchema.shape,
  }),
  z.strictObject({
    outcome: z.literal("failed"),
    name: z.nullable(z.string()),
    problem: problemSchema,
  }),
]);

/** What became of one of several images. */
export type ImageResult = z.infer<typeof imageResultSchema>;

/** The HTTP answer to a request with several images. */
export const classifyImagesAnswerSchema = z.strictObject({
  model: nameSchema,
  /** One for each image, in the order they were sent. */
  results: z.array(imageResultSchema),
  requestId: z.string(),
});

/** The HTTP answer to a request with several images. */
export type ClassifyImagesAnswer = z.infer<typeof classifyImagesAnswerSchema>;
