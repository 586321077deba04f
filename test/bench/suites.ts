import type { Suite } from "./suite.ts";
import { decodeSuite } from "./suites/decode.ts";
import { inferenceSuite } from "./suites/inference.ts";
import { integersSuite } from "./suites/integers.ts";
import { limitsSuite } from "./suites/limits.ts";
import { stagesSuite } from "./suites/stages.ts";
import { trainingSuite } from "./suites/training.ts";
import { workerSuite } from "./suites/worker.ts";

/** What can be measured, in the order it runs. */
export const suites: Readonly<Record<string, Suite>> = {
  decode: decodeSuite,
  inference: inferenceSuite,
  integers: integersSuite,
  limits: limitsSuite,
  worker: workerSuite,
  training: trainingSuite,
  stages: stagesSuite,
};
