import type * as tfl from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import { buildDeepCnn } from "./deep-cnn.ts";
import { buildMobileNetV1 } from "./mobilenet-v1.ts";
import type { ModelOptions } from "./model-options.ts";
import { buildSmallCnn } from "./small-cnn.ts";

/** The nets that can be trained from nothing. */
export const architectures = ["small-cnn", "deep-cnn", "mobilenet-v1"] as const;

/** The name of a net that can be trained from nothing. */
export type Architecture = (typeof architectures)[number];

/**
 * Builds an untrained net: one chain of layers that ends in `feature_map` (ReLU), `embedding` (global average
 * pooling), perhaps dropout, and `logits` (dense, linear). Input `[batch, size, size, 3]`, output `[batch, classes]`.
 * The same options give the same weights.
 * @throws invalid_argument when an option is out of range
 */
export function buildModel(architecture: Architecture, options: ModelOptions): tfl.LayersModel {
  checkRange("size", options.size, 16, 1024, true);
  checkRange("classes", options.classes, 2, 100_000, true);
  checkRange("width", options.width, 0.1, 4, false);
  checkRange("dropout", options.dropout ?? 0, 0, 0.9, false);
  return builders[architecture](options);
}

const builders: Readonly<Record<Architecture, (options: ModelOptions) => tfl.LayersModel>> = {
  "small-cnn": buildSmallCnn,
  "deep-cnn": buildDeepCnn,
  "mobilenet-v1": buildMobileNetV1,
};

function checkRange(name: string, value: number, least: number, most: number, whole: boolean): void {
  if (value >= least && value <= most && (!whole || Number.isInteger(value))) return;
  throw new AppError(
    "invalid_argument",
    `the model's ${name} is ${value}; choose ${whole ? "a whole number" : "a number"} from ${least} to ${most}`,
  );
}
