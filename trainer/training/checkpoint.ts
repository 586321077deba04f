import { createHash } from "node:crypto";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { objectKeys } from "../../shared/contract/object-keys.ts";
import { parseJsonWith } from "../../shared/contract/parse.ts";
import type { ObjectStore } from "../../shared/store/object-store.ts";

const validationSchema = z.strictObject({ top1Accuracy: z.number(), loss: z.number() });
const count = z.int().check(z.gte(0));

const headerSchema = z.strictObject({
  schemaVersion: z.literal(2),
  /** Of everything that must not change between the parts of a run. */
  runDigest: z.string(),
  /** The epoch that is under way. */
  epoch: count,
  /** Steps of it that are done. */
  step: count,
  /** Sum of the losses of those steps. */
  lossSum: z.number(),
  optimizerSteps: count,
  best: z.nullable(z.strictObject({ epoch: count, validation: validationSchema })),
  /** Lengths of the float32 arrays that follow: weights, two moments a trainable weight, best weights, their average. */
  lengths: z.strictObject({
    weights: z.array(count),
    first: z.array(count),
    second: z.array(count),
    best: z.array(count),
    average: z.array(count),
  }),
  payloadSha256: z.string(),
});

type Header = z.infer<typeof headerSchema>;

/** Everything a run needs to continue as if it had not stopped. Random streams follow from the epoch and the step. */
export type Checkpoint = Omit<Header, "schemaVersion" | "lengths" | "payloadSha256"> & {
  readonly weights: readonly Float32Array[];
  readonly first: readonly Float32Array[];
  readonly second: readonly Float32Array[];
  /** Weights of the best epoch; empty before the first validation. */
  readonly bestWeights: readonly Float32Array[];
  /** Running average of the weights; empty without one. */
  readonly average: readonly Float32Array[];
};

/** Where the checkpoint of a run lies; one object, replaced whole. */
export function checkpointKey(runId: string): string {
  return objectKeys.runFile(runId, "checkpoint/latest.bin");
}

/** Writes the checkpoint of a run over the one before; a reader sees the old or the new one, never a mixture. */
export async function saveCheckpoint(
  store: ObjectStore,
  runId: string,
  checkpoint: Checkpoint,
): Promise<void> {
  await store.put(checkpointKey(runId), encodeCheckpoint(checkpoint));
}

/**
 * Reads the checkpoint of a run, `null` when there is none.
 * @param runDigest of the run that wants to continue
 * @throws invalid_argument when it is that of a run with other data, settings or model; integrity_mismatch when damaged
 */
export async function loadCheckpoint(
  store: ObjectStore,
  runId: string,
  runDigest: string,
): Promise<Checkpoint | null> {
  const stored = await store.get(checkpointKey(runId));
  if (stored.kind !== "found") return null;
  const checkpoint = decodeCheckpoint(stored.bytes);
  if (checkpoint.runDigest === runDigest) return checkpoint;
  throw new AppError(
    "invalid_argument",
    `the checkpoint of run ${runId} was made with other images, settings, engine or model; start a run of another name`,
  );
}

/** Header length (uint32, little-endian), header (JSON), float32 values (little-endian). */
export function encodeCheckpoint(checkpoint: Checkpoint): Uint8Array {
  const { weights, first, second, bestWeights, average, ...position } = checkpoint;
  const payload = Buffer.concat(
    [...weights, ...first, ...second, ...bestWeights, ...average].map(
      ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength),
    ),
  );
  const header: Header = {
    schemaVersion: 2,
    ...position,
    lengths: {
      weights: lengthsOf(weights),
      first: lengthsOf(first),
      second: lengthsOf(second),
      best: lengthsOf(bestWeights),
      average: lengthsOf(average),
    },
    payloadSha256: sha256(payload),
  };
  const text = Buffer.from(JSON.stringify(header));
  const prefix = Buffer.alloc(4);
  prefix.writeUInt32LE(text.length);
  return new Uint8Array(Buffer.concat([prefix, text, payload]));
}

/** Takes apart what {@link encodeCheckpoint} made. @throws integrity_mismatch when the bytes are damaged */
export function decodeCheckpoint(bytes: Uint8Array): Checkpoint {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const textLength = buffer.length >= 4 ? buffer.readUInt32LE(0) : 0;
  const text = buffer.toString("utf8", 4, 4 + textLength);
  const header = parseJsonWith(headerSchema, text, "the checkpoint's header", "integrity_mismatch");
  const { schemaVersion: _, lengths, payloadSha256, ...position } = header;
  const payload = buffer.subarray(4 + textLength);
  const floats = [lengths.weights, lengths.first, lengths.second, lengths.best, lengths.average].flat();
  const expectedBytes = 4 * floats.reduce((sum, length) => sum + length, 0);
  if (payload.length !== expectedBytes || sha256(payload) !== payloadSha256) {
    throw new AppError("integrity_mismatch", "the checkpoint is damaged; delete it and start the run again");
  }
  let offset = 0;
  const take = (counts: readonly number[]): Float32Array[] =>
    counts.map((length) => {
      // a copy, as the payload need not lie at a multiple of 4
      const part = Uint8Array.prototype.slice.call(payload, offset, offset + 4 * length);
      offset += 4 * length;
      return new Float32Array(part.buffer, part.byteOffset, length);
    });
  return {
    ...position,
    weights: take(lengths.weights),
    first: take(lengths.first),
    second: take(lengths.second),
    bestWeights: take(lengths.best),
    average: take(lengths.average),
  };
}

function lengthsOf(arrays: readonly Float32Array[]): number[] {
  return arrays.map(({ length }) => length);
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
