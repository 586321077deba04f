import * as z from "zod/mini";
import { nameSchema, versionSchema } from "./names.ts";
import { problemSchema } from "./problem.ts";

/** What one request may carry. */
export const requestLimits = {
  images: 16,
  /** Bytes of the body of a form or of JSON; a raw body is one image and has its limit. */
  bodyBytes: 20_000_000,
} as const;

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

/** An image in JSON: base64, or a data URI of it. */
const encodedImageSchema = z.string("must be text: base64, or a data URI of it");

/** A JSON body with one image. */
export const imageRequestSchema = z.strictObject({
  image: encodedImageSchema,
  ...classifyOptionsSchema.shape,
});

/** A JSON body with some images. */
export const imagesRequestSchema = z.strictObject({
  images: z
    .array(encodedImageSchema)
    .check(
      z.minLength(1, "must be 1 image or more"),
      z.maxLength(requestLimits.images, `must be ${requestLimits.images} images or fewer`),
    ),
  ...classifyOptionsSchema.shape,
});

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
