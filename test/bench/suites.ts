import type { Suite } from "./suite.ts";
import { decodeSuite } from "./suites/decode.ts";
import { inferenceSuite } from "./suites/inference.ts";
import { trainingSuite } from "./suites/training.ts";

/** What can be measured, in the order it runs. */
export const suites: Readonly<Record<string, Suite>> = {
  decode: decodeSuite,
  inference: inferenceSuite,
  training: trainingSuite,
};
