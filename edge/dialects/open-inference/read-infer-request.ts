import { requestLimits } from "../../../shared/contract/classify-request.ts";
import { AppError } from "../../../shared/contract/errors.ts";
import { imageLimits } from "../../../shared/image/codec-failure.ts";
import { decodeBase64 } from "../../http/decode-base64.ts";
import { parseJsonBody } from "../../http/json-body.ts";
import { readBody } from "../../http/read-body.ts";
import { type InferRequest, inferRequestSchema, type RequestInput } from "./infer-request.ts";

/** One image of a request: its file, or pixels that the client normalized, `[height, width, channels]`. */
export type InferItem =
  | { readonly kind: "file"; readonly read: () => Uint8Array }
  | { readonly kind: "input"; readonly nhwc: Float32Array; readonly shape: readonly number[] };

/** A request with its images. */
export interface SentInference {
  readonly request: InferRequest;
  readonly items: readonly InferItem[];
}

/** Names of the inputs; a request has one of them. */
export const inputNames = { file: "image", pixels: "input" } as const;

/** Normalized pixels are of the order of 1; past it a model may overflow, which would not be its fault. */
const largestInput = 1_000_000;
/** Of the heap, for tensors in JSON: the pixels of 16 images of 224x224 in a flat list, of 7 where each is a list. */
const mostHeapBytes = 40_000_000;
const hint = '{"inputs": [...]}, large tensors as binary data behind it';

/**
 * Reads `POST /v2/models/{model}/infer`, in JSON or with tensors as binary behind the JSON.
 * @throws {AppError} payload_too_large, invalid_argument
 */
export async function readInferRequest(request: Request): Promise<SentInference> {
  const body = await readBody(request, requestLimits.bodyBytes);
  const header = request.headers.get("inference-header-content-length");
  const jsonLength = header === null ? body.length : Number(header);
  if (!Number.isInteger(jsonLength) || jsonLength < 0 || jsonLength > body.length) {
    throw wrong(`inference-header-content-length is ${header}, the body has ${body.length} bytes`);
  }
  const parsed = parseJsonBody(inferRequestSchema, body.subarray(0, jsonLength), hint, mostHeapBytes);
  const inputs = withBinary(parsed.inputs, body.subarray(jsonLength));
  const [first, second] = inputs;
  if (first === undefined || second !== undefined) {
    throw wrong(
      `it has ${inputs.length} inputs, it must have one: ${inputNames.file} or ${inputNames.pixels}`,
    );
  }
  return { request: parsed, items: itemsOf(first.input, first.binary) };
}

interface SentTensor {
  readonly input: RequestInput;
  /** `null` where the values are in the JSON. */
  readonly binary: Uint8Array | null;
}

/** Gives each input its part of what follows the JSON. */
function withBinary(inputs: readonly RequestInput[], rest: Uint8Array): SentTensor[] {
  let offset = 0;
  const sent = inputs.map((input): SentTensor => {
    const size = input.parameters?.["binary_data_size"];
    if (size === undefined) return { input, binary: null };
    if (typeof size !== "number" || !Number.isInteger(size) || size < 0 || offset + size > rest.length) {
      throw wrong(
        `binary_data_size of ${input.name} must be a number of at most the ${rest.length - offset} bytes left`,
      );
    }
    offset += size;
    return { input, binary: rest.subarray(offset - size, offset) };
  });
  if (offset !== rest.length) throw wrong(`${rest.length - offset} bytes follow that belong to no input`);
  return sent;
}

function itemsOf(input: RequestInput, binary: Uint8Array | null): InferItem[] {
  const { name, datatype, shape } = input;
  const [batch = 0, ...itemShape] = shape;
  if (batch < 1 || batch > requestLimits.images) {
    throw wrong(
      `the shape of ${name} is [${shape.join(", ")}], the first is the batch: 1 to ${requestLimits.images}`,
    );
  }
  if (name === inputNames.file && datatype === "BYTES" && itemShape.every((size) => size === 1)) {
    const files = binary === null ? encodedFiles(input) : binaryFiles(binary);
    requireCount(name, files.length, batch);
    return files.map((read) => ({ kind: "file", read }));
  }
  if (name === inputNames.pixels && datatype === "FP32" && itemShape.length === 3) {
    const values = binary === null ? jsonFloats(input) : binaryFloats(binary);
    const length = itemShape.reduce((product, size) => product * size, 1);
    requireCount(name, values.length, batch * length);
    if (!values.every((value) => Math.abs(value) <= largestInput)) {
      throw wrong(
        `${name} has a value that is not of -${largestInput} to ${largestInput}; normalize the pixels`,
      );
    }
    return Array.from({ length: batch }, (_, i) => {
      return { kind: "input", nhwc: values.subarray(i * length, (i + 1) * length), shape: itemShape };
    });
  }
  throw wrong(
    `input ${name} is ${datatype} [${shape.join(", ")}]; send ${inputNames.file} as BYTES [batch], or ` +
      `${inputNames.pixels} as FP32 [batch, height, width, 3], as GET /v2/models/{model} describes them`,
  );
}

function requireCount(name: string, got: number, wanted: number): void {
  if (got !== wanted) throw wrong(`${name} has ${got} values, its shape takes ${wanted}`);
}

/** Values in JSON, whether nested or not. */
function flat({ name, data }: RequestInput): unknown[] {
  if (data === undefined) throw wrong(`${name} has no data, and no binary_data_size`);
  return data.flat(4);
}

/** In JSON, bytes are base64. */
function encodedFiles(input: RequestInput): (() => Uint8Array)[] {
  return flat(input).map((value) => {
    if (typeof value !== "string") throw wrong(`${input.name} has a value that is no text; send base64`);
    return () => decodeBase64(value, imageLimits.maxBytes);
  });
}

/** Each element is its length in 4 bytes, little-endian, and so many bytes. */
function binaryFiles(binary: Uint8Array): (() => Uint8Array)[] {
  const view = new DataView(binary.buffer, binary.byteOffset, binary.length);
  const files: (() => Uint8Array)[] = [];
  for (let offset = 0; offset < binary.length;) {
    const length = offset + 4 <= binary.length ? view.getUint32(offset, true) : Number.POSITIVE_INFINITY;
    const start = offset + 4;
    if (start + length > binary.length) throw wrong("an element of BYTES is longer than what follows");
    files.push(() => binary.subarray(start, start + length));
    offset = start + length;
  }
  return files;
}

function jsonFloats(input: RequestInput): Float32Array {
  return Float32Array.from(flat(input), (value) => {
    if (typeof value !== "number") throw wrong(`${input.name} has a value that is no number`);
    return value;
  });
}

function binaryFloats(binary: Uint8Array): Float32Array {
  if (binary.length % 4 !== 0) throw wrong(`FP32 takes 4 bytes a value, there are ${binary.length}`);
  return new Float32Array(binary.slice().buffer);
}

function wrong(fault: string): AppError {
  return new AppError("invalid_argument", `the inference request is not valid: ${fault}`);
}
