import * as z from "zod/mini";

/** What one request may carry. */
export const requestLimits = {
  images: 16,
  /** Bytes of the body of a form or of JSON; a raw body is one image and has its limit. */
  bodyBytes: 20_000_000,
} as const;

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
