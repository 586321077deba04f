import { AppError } from "../contract/errors.ts";
import { elementsOf, storedBytes } from "./graph-model.ts";
import type { PlacedWeight, Weights } from "./weights.ts";

/** How the stored bytes of one weight tensor become numbers. */
export type WeightStorage =
  | { readonly kind: "float32" }
  | { readonly kind: "float16" }
  /** A byte a value: `byte * scale + min`, times `scales[index % scales.length]` where there are scales. */
  | {
      readonly kind: "table";
      readonly scale: number;
      readonly min: number;
      readonly scales?: Float32Array;
    };

/** One float32 weight tensor as it is stored. */
export interface StoredWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly bytes: Uint8Array;
  readonly storage: WeightStorage;
}

/** The float32 weights of a model by name; their bytes are views, not copies. */
export function storedWeights(weights: Weights): ReadonlyMap<string, StoredWeight> {
  const found = new Map<string, StoredWeight>();
  for (const spec of weights.specs) {
    if (spec.dtype !== "float32") continue;
    const { name, shape, offset } = spec;
    const bytes = weights.bytes.subarray(offset, offset + storedBytes(spec));
    found.set(name, { name, shape, bytes, storage: storageOf(spec) });
  }
  return found;
}

function storageOf({ quantization, scales }: PlacedWeight): WeightStorage {
  if (quantization === undefined) return { kind: "float32" };
  if (quantization.dtype === "float16") return { kind: "float16" };
  const { scale, min } = quantization;
  return { kind: "table", scale, min, ...(scales === undefined ? {} : { scales }) };
}

/** The values of all bytes before the scales, in float64 and rounded once: the very numbers that tfjs's own loader gives. */
export function byteValues({ scale, min }: WeightStorage & { readonly kind: "table" }): Float32Array {
  const values = new Float32Array(256);
  for (let byte = 0; byte < 256; byte++) values[byte] = byte * scale + min;
  return values;
}

/** The values of a weight, the same bits as tfjs's loader and our kernels give. */
export function weightValues(weight: StoredWeight): Float32Array {
  const { bytes, storage, shape } = weight;
  const values = new Float32Array(elementsOf(shape));
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (storage.kind) {
    case "float32":
      for (let i = 0; i < values.length; i++) values[i] = view.getFloat32(4 * i, true);
      return values;
    case "float16":
      for (let i = 0; i < values.length; i++) values[i] = fromFloat16(view.getUint16(2 * i, true));
      return values;
    case "table": {
      const { scales } = storage;
      const table = byteValues(storage);
      for (let i = 0; i < values.length; i++) {
        const value = table[bytes[i] as number] as number;
        values[i] = scales === undefined ? value : value * (scales[i % scales.length] as number);
      }
      return values;
    }
    default:
      return storage satisfies never;
  }
}

/** Reads single values of a weight, the same bits as {@link weightValues} gives. */
export function valueReader({ bytes, storage }: StoredWeight): (index: number) => number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  switch (storage.kind) {
    case "float32":
      return (index) => view.getFloat32(4 * index, true);
    case "float16":
      return (index) => fromFloat16(view.getUint16(2 * index, true));
    case "table": {
      const { scales } = storage;
      const table = byteValues(storage);
      const valueAt = (index: number): number => table[bytes[index] as number] as number;
      if (scales === undefined) return valueAt;
      return (index) => Math.fround(valueAt(index) * (scales[index % scales.length] as number));
    }
    default:
      return storage satisfies never;
  }
}

function fromFloat16(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = (bits & 1023) / 1024;
  if (exponent === 31) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (exponent === 0 ? fraction * 2 ** -14 : (1 + fraction) * 2 ** (exponent - 15));
}

/** The error for a weight that no sound training gives. */
export function notFinite(name: string): AppError {
  return new AppError(
    "unsupported_model",
    `weight ${name} of the model has a value that is not a finite number; publish another version`,
  );
}
