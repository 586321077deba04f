import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { AppError } from "../../shared/contract/errors.ts";
import type { PixelSpec } from "../../shared/image/codec.ts";
import type { Examination } from "../audit/examination.ts";
import type { DecodeReply, DecodeRequest, InspectedFile } from "./decode-messages.ts";
import type { FileRange } from "./file-tree.ts";
import { askWorker, shareOut } from "./worker-requests.ts";

/** Threads that decode images; close it when done. */
export interface DecodePool {
  /**
   * What each file is, in the order asked; never fails because of a file.
   * @param readsMetadata whether its camera and time are read, too
   */
  inspect(
    ranges: readonly FileRange[],
    onDone?: (files: number) => void,
    readsMetadata?: boolean,
  ): Promise<InspectedFile[]>;
  /** What each file shows of itself, in the order asked; never fails because of a file. */
  examine(ranges: readonly FileRange[], onDone?: (files: number) => void): Promise<Examination[]>;
  /**
   * The pixels of images that are known to decode, in the order asked.
   * @returns `[N, height, width, 3]`
   * @throws {AppError} what the codec throws, for the first image that fails
   */
  decode(
    ranges: readonly FileRange[],
    spec: PixelSpec,
    onDone?: (files: number) => void,
  ): Promise<Uint8Array>;
  /** Ends the threads. */
  close(): Promise<void>;
}

/** Enough that the messages cost nothing, few enough that the progress moves and no thread waits long at the end. */
const batchFiles = 64;
const batchBytes = 8 * 1024 * 1024;
const maxThreads = 4;

/** Starts decoding threads. @param threads default: one a core, at most 4 */
export function openDecodePool(threads = Math.min(maxThreads, availableParallelism())): DecodePool {
  const workers = Array.from(
    { length: threads },
    () => new Worker(new URL("decode-worker.ts", import.meta.url)),
  );

  async function runAll(
    ranges: readonly FileRange[],
    toRequest: (batch: readonly FileRange[]) => DecodeRequest,
    take: (reply: DecodeReply, start: number) => void,
    onDone: (files: number) => void = () => {},
  ): Promise<void> {
    const batches = cutBatches(ranges);
    let done = 0;
    await shareOut(workers, batches, async (worker, batch) => {
      const reply = await askWorker<DecodeReply>(worker, toRequest(batch.ranges));
      if (reply.kind === "failed") throw new AppError(reply.code, reply.message);
      take(reply, batch.start);
      done += batch.ranges.length;
      onDone(done);
    });
  }

  return {
    async inspect(ranges, onDone, readsMetadata = false) {
      const files: InspectedFile[] = [];
      const take = (reply: DecodeReply, start: number): void => {
        if (reply.kind !== "inspected") return;
        for (const [i, file] of reply.files.entries()) files[start + i] = file;
      };
      await runAll(ranges, (batch) => ({ kind: "inspect", ranges: batch, readsMetadata }), take, onDone);
      return files;
    },
    async examine(ranges, onDone) {
      const files: Examination[] = [];
      const take = (reply: DecodeReply, start: number): void => {
        if (reply.kind !== "examined") return;
        for (const [i, file] of reply.files.entries()) files[start + i] = file;
      };
      await runAll(ranges, (batch) => ({ kind: "examine", ranges: batch }), take, onDone);
      return files;
    },
    async decode(ranges, spec, onDone) {
      const size = spec.width * spec.height * 3;
      const pixels = new Uint8Array(ranges.length * size);
      const take = (reply: DecodeReply, start: number): void => {
        if (reply.kind === "decoded") pixels.set(reply.pixels, start * size);
      };
      await runAll(ranges, (batch) => ({ kind: "decode", ranges: batch, spec }), take, onDone);
      return pixels;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

interface Batch {
  readonly start: number;
  readonly ranges: readonly FileRange[];
}

function cutBatches(ranges: readonly FileRange[]): Batch[] {
  const batches: Batch[] = [];
  let start = 0;
  let bytes = 0;
  for (const [i, range] of ranges.entries()) {
    const isFull = i - start >= batchFiles || bytes + range.bytes > batchBytes;
    if (isFull && i > start) {
      batches.push({ start, ranges: ranges.slice(start, i) });
      start = i;
      bytes = 0;
    }
    bytes += range.bytes;
  }
  if (start < ranges.length) batches.push({ start, ranges: ranges.slice(start) });
  return batches;
}
