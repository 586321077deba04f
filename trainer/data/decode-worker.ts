// The program of a decoding thread: answers every DecodeRequest with one DecodeReply.
import { createHash } from "node:crypto";
import { parentPort } from "node:worker_threads";
import { AppError, isAppError } from "../../shared/contract/errors.ts";
import { imageLimits } from "../../shared/image/codec-failure.ts";
import type { ImageCodec, PixelSpec } from "../../shared/image/codec.ts";
import { differenceHash } from "../../shared/image/perceptual-hash.ts";
import { loadCodec } from "../assets.ts";
import { examineFile } from "../audit/examine-file.ts";
import type { Examination } from "../audit/examination.ts";
import type { DecodeReply, DecodeRequest, InspectedFile } from "./decode-messages.ts";
import type { FileRange } from "./file-tree.ts";
import { readImageMetadata } from "./image-metadata.ts";
import { createRangeReader, type RangeReader } from "./range-reader.ts";

/** The grid of a difference hash: the codec averages to it, much cheaper than to a larger image. */
const hashSpec: PixelSpec = {
  width: 9,
  height: 8,
  fit: "stretch",
  cropFraction: 1,
  filter: "triangle",
  background: [128, 128, 128],
  denoise: "none",
};

const codec = loadCodec();
const reader = createRangeReader();
const port = parentPort;

port?.on("message", (request: DecodeRequest) => {
  const reply = answer(request, codec, reader);
  port.postMessage(reply, reply.kind === "decoded" ? [reply.pixels.buffer] : []);
});

function answer(request: DecodeRequest, imageCodec: ImageCodec, rangeReader: RangeReader): DecodeReply {
  if (request.kind === "inspect") {
    return {
      kind: "inspected",
      files: request.ranges.map((range) => inspect(range, imageCodec, rangeReader, request.readsMetadata)),
    };
  }
  if (request.kind === "examine") {
    return {
      kind: "examined",
      files: request.ranges.map((range) => examine(range, imageCodec, rangeReader)),
    };
  }
  try {
    return { kind: "decoded", pixels: decodeAll(request.ranges, request.spec, imageCodec, rangeReader) };
  } catch (error) {
    return { kind: "failed", ...describe(error) };
  }
}

function inspect(
  range: FileRange,
  imageCodec: ImageCodec,
  rangeReader: RangeReader,
  readsMetadata: boolean,
): InspectedFile {
  try {
    const bytes = readLimited(range, rangeReader);
    const { image, width, height } = imageCodec.decode(bytes, hashSpec);
    const { camera, takenAt } = readsMetadata ? readImageMetadata(bytes) : { camera: null, takenAt: null };
    return {
      kind: "image",
      sha256: createHash("sha256").update(bytes).digest("hex"),
      width,
      height,
      perceptualHash: differenceHash(image),
      camera,
      takenAt,
    };
  } catch (error) {
    const { code, message } = describe(error);
    return { kind: "unreadable", code, reason: message };
  }
}

function examine(range: FileRange, imageCodec: ImageCodec, rangeReader: RangeReader): Examination {
  try {
    return examineFile(readLimited(range, rangeReader), imageCodec, hashSpec);
  } catch (error) {
    const { code, message } = describe(error);
    return { kind: "unreadable", code, reason: message };
  }
}

function readLimited(range: FileRange, rangeReader: RangeReader): Uint8Array {
  if (range.bytes <= imageLimits.maxBytes) return rangeReader.read(range);
  throw new AppError(
    "image_too_large",
    `the file has ${range.bytes} bytes, the limit is ${imageLimits.maxBytes}; resize the image`,
  );
}

function decodeAll(
  ranges: readonly FileRange[],
  spec: PixelSpec,
  imageCodec: ImageCodec,
  rangeReader: RangeReader,
): Uint8Array<ArrayBuffer> {
  const size = spec.width * spec.height * 3;
  const pixels = new Uint8Array(ranges.length * size);
  for (const [i, range] of ranges.entries()) {
    pixels.set(imageCodec.decode(rangeReader.read(range), spec).image.data, i * size);
  }
  return pixels;
}

function describe(error: unknown): { readonly code: AppError["code"]; readonly message: string } {
  if (isAppError(error)) return { code: error.code, message: error.message };
  const reason = error instanceof Error ? error.message : String(error);
  return { code: "invalid_image", message: `the file cannot be read (${reason})` };
}
