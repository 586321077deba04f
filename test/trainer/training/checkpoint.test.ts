import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { type Checkpoint, decodeCheckpoint, encodeCheckpoint } from "../../../trainer/training/checkpoint.ts";

const arrays = fc.array(fc.float32Array({ noNaN: true, maxLength: 9 }), { maxLength: 4 });
const checkpoints: fc.Arbitrary<Checkpoint> = fc.record({
  runDigest: fc.string(),
  epoch: fc.nat(),
  step: fc.nat(),
  lossSum: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  optimizerSteps: fc.nat(),
  best: fc.constantFrom(null, { epoch: 3, validation: { top1Accuracy: 0.5, loss: 0.7 } }),
  weights: arrays,
  first: arrays,
  second: arrays,
  bestWeights: arrays,
  average: arrays,
});

describe("a checkpoint", () => {
  it("comes back as it was written, wherever its bytes lie", () => {
    fc.assert(
      fc.property(checkpoints, fc.nat({ max: 7 }), (checkpoint, offset) => {
        const bytes = encodeCheckpoint(checkpoint);
        const shifted = new Uint8Array(bytes.length + offset);
        shifted.set(bytes, offset);
        expect(decodeCheckpoint(shifted.subarray(offset))).toEqual(checkpoint);
      }),
    );
  });

  it("is refused as damaged when it is cut short or lengthened", () => {
    fc.assert(
      fc.property(checkpoints, fc.double({ min: 0, max: 0.999, noNaN: true }), (checkpoint, share) => {
        const bytes = encodeCheckpoint(checkpoint);
        for (const damaged of [
          bytes.subarray(0, Math.floor(bytes.length * share)),
          Uint8Array.from([...bytes, 0]),
        ]) {
          expect(codeOf(() => decodeCheckpoint(damaged))).toBe("integrity_mismatch");
        }
      }),
    );
  });
});

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    return isAppError(error) ? error.code : `not an AppError: ${String(error)}`;
  }
  return "no error";
}
