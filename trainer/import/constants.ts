import { AppError } from "../../shared/contract/errors.ts";
import { fromFloat16 } from "../release/float16.ts";
import { type QuantizedTensor, quantizeTensor } from "../release/quantize.ts";
import { mostElements } from "./graph-builder.ts";
import type { AffineCodes, TfliteTensor } from "./tflite-file.ts";

/** Weights of a layer, their output channel the fastest index, as tfjs wants them. */
export interface ImportedKernel {
  readonly values: Float32Array;
  /** The file's own codes where tfjs can say what they stand for, else the smallest faithful storage. */
  readonly stored: QuantizedTensor;
}

const bytesOf = { float32: 4, float16: 2, int32: 4, uint8: 1, int8: 1, int64: 8, other: 0 } as const;
/** Axes, paddings and biases are never longer than a tensor may be wide. */
const mostIntegers = 65_536;

/**
 * Reads the weights of a layer.
 * @param outputsFirst whether the output channel is the slowest index in the file (OHWI, and dense layers), not the last
 * @param name of the weight, for messages
 * @throws invalid_argument when the bytes do not fit the shape, unsupported_model for a number format we do not store
 */
export function readKernel(tensor: TfliteTensor, outputsFirst: boolean, name: string): ImportedKernel {
  const { shape, codes } = tensor;
  const outputs = (outputsFirst ? shape[0] : shape.at(-1)) ?? 0;
  const raw = readNumbers(tensor, name);
  const numbers = outputsFirst ? transpose(raw, outputs) : raw;
  if (tensor.type === "float32" || tensor.type === "float16") {
    requireFinite(numbers, name);
    return {
      values: numbers,
      stored: quantizeTensor(name, numbers, tensor.type === "float16" ? "float16" : "none"),
    };
  }
  if (tensor.type === "int32" || codes === null) throw unsupportedFormat(tensor, name);
  const axis = outputsFirst ? 0 : shape.length - 1;
  if (codes.scales.length > 1 && (codes.scales.length !== outputs || codes.axis !== axis)) {
    throw new AppError(
      "unsupported_model",
      `weight ${name} has ${codes.scales.length} scales along axis ${codes.axis}; allowed are one, or one for each of ` +
        `its ${outputs} outputs along axis ${axis}`,
    );
  }
  const values = decode(numbers, codes);
  requireFinite(values, name);
  return { values, stored: storeCodes(tensor, codes, numbers, values, name) };
}

/** [outputs], zeros when there is none. @throws invalid_argument, unsupported_model like {@link readKernel} */
export function readBias(
  tensor: TfliteTensor | null,
  outputs: number,
  name: string,
): Float32Array<ArrayBuffer> {
  if (tensor === null) return new Float32Array(outputs);
  const { codes, type } = tensor;
  if (type === "int32" && codes !== null) {
    const values = decode(readIntegers(tensor, name), codes);
    return requireLength(values, outputs, name);
  }
  if (type !== "float32" && type !== "float16") throw unsupportedFormat(tensor, name);
  return requireLength(readNumbers(tensor, name), outputs, name);
}

/** Axes, paddings or codes of an int32 tensor. @throws invalid_argument, unsupported_model */
export function readIntegers(tensor: TfliteTensor, name: string): readonly number[] {
  if (tensor.type !== "int32") throw unsupportedFormat(tensor, name);
  const data = requireBytes(tensor, name);
  if (data.length > 4 * mostIntegers) {
    throw new AppError(
      "unsupported_model",
      `${name} has ${data.length / 4} values; allowed are ${mostIntegers}`,
    );
  }
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  return Array.from({ length: data.length / 4 }, (_, i) => view.getInt32(4 * i, true));
}

/** Values that the codes of a computed tensor can hold, `null` when it has none that bound it. */
export function codedRange({
  type,
  codes,
}: TfliteTensor): { readonly least: number; readonly most: number; readonly step: number } | null {
  const [step, second] = codes?.scales ?? [];
  const zero = codes?.zeroPoints[0];
  if (step === undefined || zero === undefined || second !== undefined) return null;
  if (type !== "uint8" && type !== "int8") return null;
  const first = type === "uint8" ? 0 : -128;
  return { least: (first - zero) * step, most: (first + 255 - zero) * step, step };
}

/**
 * The file's own codes. One scale for the tensor is what tfjs's uint8 is, so the values stay what they are, to the bit;
 * a scale for each channel multiplies what codes with one zero point stand for; TensorFlow Lite's is 0 for all.
 */
function storeCodes(
  { type }: TfliteTensor,
  { scales, zeroPoints }: AffineCodes,
  numbers: Float32Array,
  values: Float32Array,
  name: string,
): QuantizedTensor {
  const [first = 1, second] = scales;
  const shift = type === "int8" ? 128 : 0;
  const bytes = Uint8Array.from(numbers, (code) => code + shift);
  const [zero = 0] = zeroPoints;
  const affine = (scale: number) =>
    ({ dtype: "uint8", min: -(zero + shift) * scale, scale, original_dtype: "float32" }) as const;
  if (second === undefined) return { storage: "uint8", bytes, record: affine(first) };
  if (zeroPoints.some((other) => other !== zero)) return quantizeTensor(name, values, "none");
  const record = affine(1);
  return { storage: "uint8", bytes, record, scales: Float32Array.from(scales) };
}

/** `(code - zero point) * scale`, exact but for the one rounding to float32. */
function decode(codes: ArrayLike<number>, { scales, zeroPoints }: AffineCodes): Float32Array<ArrayBuffer> {
  const channels = scales.length;
  return Float32Array.from(
    codes,
    (code, i) => (code - (zeroPoints[i % channels] ?? 0)) * (scales[i % channels] ?? 0),
  );
}

function readNumbers(tensor: TfliteTensor, name: string): Float32Array<ArrayBuffer> {
  // A copy, since the file keeps no tensor aligned.
  const { buffer } = Uint8Array.from(requireBytes(tensor, name));
  switch (tensor.type) {
    case "float32":
      return new Float32Array(buffer);
    case "float16":
      return fromFloat16(new Uint16Array(buffer));
    case "uint8":
      return Float32Array.from(new Uint8Array(buffer));
    case "int8":
      return Float32Array.from(new Int8Array(buffer));
    case "int32":
    case "int64":
    case "other":
      throw unsupportedFormat(tensor, name);
    default:
      return tensor.type satisfies never;
  }
}

function requireBytes({ data, shape, type }: TfliteTensor, name: string): Uint8Array {
  const elements = shape.reduce((product, size) => product * size, 1);
  if (elements > mostElements) {
    throw new AppError(
      "budget_exceeded",
      `${name} has ${elements} values, a Worker holds ${mostElements} at most; use a smaller width`,
    );
  }
  if (data !== null && shape.every((size) => size > 0) && data.length === elements * bytesOf[type])
    return data;
  throw new AppError(
    "invalid_argument",
    `${name} is ${type} [${shape.join(", ")}] with ${data?.length ?? 0} bytes of data, which do not fit; ` +
      "it must be a constant, and neither sparse nor kept outside of the file",
  );
}

function requireLength(
  values: Float32Array<ArrayBuffer>,
  outputs: number,
  name: string,
): Float32Array<ArrayBuffer> {
  requireFinite(values, name);
  if (values.length === outputs) return values;
  throw new AppError(
    "invalid_argument",
    `${name} has ${values.length} values, its layer ${outputs} outputs; export the model again`,
  );
}

function requireFinite(values: Float32Array, name: string): void {
  if (values.every(Number.isFinite)) return;
  throw new AppError("invalid_argument", `${name} holds a number that is not finite; export the model again`);
}

function unsupportedFormat({ type, codes }: TfliteTensor, name: string): AppError {
  const quantized = codes === null ? "without quantization" : "quantized";
  return new AppError(
    "unsupported_model",
    `${name} is ${type} ${quantized}; allowed are float32, float16, quantized uint8 and int8, and int32 for biases`,
  );
}

/** From `[rows, n]` to `[n, rows]`. */
function transpose(values: Float32Array, rows: number): Float32Array<ArrayBuffer> {
  const columns = values.length / rows;
  return Float32Array.from(values, (_, i) => values[(i % rows) * columns + Math.floor(i / rows)] ?? 0);
}
