import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { AppError, type ErrorCode } from "../../../shared/contract/errors.ts";
import type { ImageCodec } from "../../../shared/image/codec.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import type { Bundle } from "../../../shared/inference/bundle.ts";
import type { WasmBackend } from "../../../shared/inference/wasm-backend.ts";
import {
  type HandMadeBundle,
  handMadeBundle,
  type ModelJsonDraft,
  pureColours,
} from "../../fixtures/hand-made-bundle.ts";
import { solidPng } from "../../fixtures/png.ts";
import { openHandMade } from "./open-hand-made.ts";

let codec: ImageCodec;
let backend: WasmBackend;

beforeAll(async () => {
  backend = await openInference();
  codec = loadCodec();
});

/** Loads and tests a bundle; a code, or what it answers for red, green and blue. */
function answersOf(bundle: Bundle): ErrorCode | readonly (string | undefined)[] {
  try {
    const classifier = createClassifier(bundle, codec);
    try {
      classifier.selfTest();
      return pureColours.map((colour) => classifier.classify(solidPng(40, 30, colour)).predictions[0]?.label);
    } finally {
      classifier.dispose();
    }
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** The same of a bundle that may not even open. */
async function outcomeOf(made: HandMadeBundle): Promise<ErrorCode | readonly (string | undefined)[]> {
  try {
    return answersOf(await openHandMade(made));
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
}

/** What a hostile bundle may be refused with. */
const refusals: readonly ErrorCode[] = [
  "unsupported_model",
  "invalid_manifest",
  "integrity_mismatch",
  "budget_exceeded",
  "self_test_failed",
];

/** Whether it was refused with a code of its own, or answers as it should. */
function isSafe(outcome: ErrorCode | readonly (string | undefined)[]): boolean {
  return typeof outcome === "string" ? refusals.includes(outcome) : outcome.join() === "red,green,blue";
}

/** Every value of a JSON document that is no object, with a function that replaces it. */
function leavesOf(json: unknown, replace: (value: unknown) => void): { replace: (value: unknown) => void }[] {
  if (typeof json !== "object" || json === null) return [{ replace }];
  return Object.entries(json).flatMap(([key, value]) =>
    leavesOf(value, (changed) => ((json as Record<string, unknown>)[key] = changed)),
  );
}

const hostileValue = fc.oneof(
  fc.constantFrom<unknown>(
    0,
    -1,
    1,
    2,
    3,
    64,
    65_535,
    65_536,
    2 ** 31,
    2 ** 32,
    2 ** 53,
    1e308,
    -1e308,
    0.5,
    null,
    true,
    "",
    "1",
    "-1",
    "999999999999999",
    [],
    {},
    "stem",
    "blur",
    "pool",
    "dense",
    "input",
    "AddV2",
    "Mul",
    "Relu",
    "Identity",
    "Reshape",
    "MaxPool",
    "_FusedConv2D",
    "_FusedMatMul",
    "__proto__",
    "constructor",
    "U0FNRQ==",
    "VkFMSUQ=",
    "RVhQTElDSVQ=",
    "UmVsdQ==",
    "float16",
    "uint8",
    "int32",
    Number.NaN,
    Number.POSITIVE_INFINITY,
  ),
  fc.integer(),
  fc.double(),
  fc.string({ maxLength: 10 }),
);

describe("a hostile bundle", () => {
  it("is refused with a code or answers rightly, whatever values of model.json are replaced", async () => {
    const change = fc.record({ at: fc.nat(), value: hostileValue });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 3 }), async (changes) => {
        const editModel = (model: ModelJsonDraft): void => {
          for (const { at, value } of changes) {
            const leaves = leavesOf(model, () => undefined);
            leaves[at % leaves.length]?.replace(value);
          }
        };
        expect(await outcomeOf(await handMadeBundle({ editModel }))).toSatisfy(isSafe);
      }),
      { numRuns: 400, seed: 3 },
    );
  });

  it("is refused with a code or answers rightly, whatever weights it holds", async () => {
    const specials = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 3e38, -3e38, 1e-45, 0];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ at: fc.nat(), value: fc.constantFrom(...specials) }), {
          minLength: 1,
          maxLength: 4,
        }),
        async (changes) => {
          const bundle = await openHandMade(await handMadeBundle());
          const { bytes } = bundle.weights;
          const floats = new Float32Array(bytes.buffer, 0, bytes.length >> 2);
          // behind the two axes, which come first
          for (const { at, value } of changes) floats[2 + (at % (floats.length - 2))] = value;
          const outcome = answersOf(bundle);
          expect(outcome).toSatisfy(isSafe);
          const isDamaged = changes.some(({ value }) => !Number.isFinite(value));
          expect(isDamaged && typeof outcome !== "string").toBe(false);
        },
      ),
      { numRuns: 150, seed: 5 },
    );
  });

  it.each<readonly [string, (model: ModelJsonDraft) => void, ErrorCode]>([
    [
      "whose nodes feed one another",
      ({ modelTopology: { node } }) => {
        const stem = node.find((entry) => entry["name"] === "stem");
        if (stem !== undefined) stem["input"] = ["features", "stem/weights", "stem/bias"];
      },
      "unsupported_model",
    ],
    [
      "whose input is a gigapixel",
      ({ modelTopology: { node } }) => {
        const input = node.find((entry) => entry["op"] === "Placeholder");
        const dim = [-1, 65_000, 65_000, 3].map((size) => ({ size: String(size) }));
        if (input !== undefined) input["attr"] = { shape: { shape: { dim } } };
      },
      "unsupported_model",
    ],
  ])("%s is refused", async (_, editModel, code) => {
    expect(await outcomeOf(await handMadeBundle({ editModel }))).toBe(code);
  });

  it("leaves nothing in the heap", async () => {
    const before = backend.memoryBytes;
    for (let round = 0; round < 50; round++) {
      const bundle = await openHandMade(await handMadeBundle({ size: 64 }));
      new Float32Array(bundle.weights.bytes.buffer, 8, 4).fill(Number.NaN);
      expect(answersOf(bundle)).toBe("unsupported_model");
    }
    expect(backend.memoryBytes).toBe(before);
  });
});
