import * as z from "zod/mini";
import { quickArray } from "./quick-array.ts";

/**
 * The ordered names of the classes; a class index is a position in it, so the order is part of the contract.
 * Unique without regard to case, since a folder or a client may not keep it.
 */
export const labelSetSchema = quickArray(
  z.array(z.string().check(z.minLength(1), z.maxLength(200))).check(
    z.minLength(2),
    z.maxLength(10_000),
    z.refine((labels) => new Set(labels.map((label) => label.toLowerCase())).size === labels.length, {
      message: "labels must be unique without regard to case",
    }),
  ),
  (label) => typeof label === "string" && label.length >= 1 && label.length <= 200,
);

/** Ordered unique labels, 2 to 10,000 of them. */
export type LabelSet = z.infer<typeof labelSetSchema>;
