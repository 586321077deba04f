import * as z from "zod/mini";
import { parseWith } from "../../shared/contract/parse.ts";
import type { ClassifyOptions } from "../../shared/inference/classifier.ts";

const querySchema = z.object({
  /** How many classes are answered. */
  topK: z.optional(
    z.pipe(
      z.string().check(z.regex(/^[1-9]\d{0,3}$/, "must be a whole number of 1 to 9999")),
      z.transform((text) => Number(text)),
    ),
  ),
  /** Replaces the thresholds of the model. */
  threshold: z.optional(
    z.pipe(
      z.string().check(z.regex(/^(0(\.\d{1,9})?|1(\.0{1,9})?|\.\d{1,9})$/, "must be a number of 0 to 1")),
      z.transform((text) => Number(text)),
    ),
  ),
});

/** Reads `?topK=` and `?threshold=`; other parameters are passed over. @throws invalid_argument */
export function parseClassifyQuery(query: Readonly<Record<string, string>>): ClassifyOptions {
  const { topK, threshold } = parseWith(querySchema, query, "the query");
  return {
    ...(topK === undefined ? {} : { topK }),
    ...(threshold === undefined ? {} : { threshold }),
  };
}
