import * as z from "zod/mini";

/** One class with its probability. */
export const predictionSchema = z.strictObject({
  label: z.string(),
  /** 0..C-1, position in the label set. */
  classIndex: z.int().check(z.gte(0)),
  /** 0..1, after softmax with the model's temperature. */
  probability: z.number().check(z.gte(0), z.lte(1)),
});

/** One class with its probability. */
export type Prediction = z.infer<typeof predictionSchema>;
