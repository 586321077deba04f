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
  /** Adds where in the image the evidence for the top class lies: as numbers, and as a picture to lay over it. */
  explain: z.optional(z.literal("cam", "must be cam")),
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
