import { AppError } from "../../shared/contract/errors.ts";
import type { Quantization } from "../../shared/contract/manifest.ts";
import { fromFloat16, largestFloat16, toFloat16 } from "./float16.ts";

/** How tfjs's weights manifest says that a tensor is stored: `value = stored * scale + min`, or as binary16. */
export type QuantizationRecord =
  | {
      readonly dtype: "uint8";
      readonly min: number;
      readonly scale: number;
      readonly original_dtype: "float32";
    }
  | { readonly dtype: "float16"; readonly original_dtype: "float32" };

/** One float32 tensor as it is stored. */
export interface QuantizedTensor {
  /** The storage used: `none` where the wanted one cannot hold the values. */
  readonly storage: Quantization;
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Absent for float32. */
  readonly record?: QuantizationRecord;
  /** Multiply what the record gives, by output channel, the fastest index of the values; for settled storage only. */
  readonly scales?: Float32Array<ArrayBuffer>;
}

/**
 * Stores a tensor's values in fewer bytes.
 * uint8 is affine over the whole tensor, tfjs's only form, its zero point nudged so that 0 stays exactly 0.
 * Values beyond float16's range stay float32.
 * @throws unsupported_model when a value is not finite
 */
export function quantizeTensor(name: string, values: Float32Array, wanted: Quantization): QuantizedTensor {
  const { least, most } = rangeOf(name, values);
  const fitsFloat16 = Math.max(-least, most) <= largestFloat16;
  if (wanted === "float16" && fitsFloat16) {
    const bytes = new Uint8Array(toFloat16(values).buffer);
    return { storage: "float16", bytes, record: { dtype: "float16", original_dtype: "float32" } };
  }
  if (wanted === "uint8") {
    const { min, scale } = affineRange(least, most);
    const bytes = Uint8Array.from(values, (value) =>
      Math.min(255, Math.max(0, Math.round((value - min) / scale))),
    );
    return { storage: "uint8", bytes, record: { dtype: "uint8", min, scale, original_dtype: "float32" } };
  }
  return { storage: "none", bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The values a client computes with: what tfjs makes of the stored bytes on load. */
export function dequantizeTensor({ scales, ...tensor }: QuantizedTensor): Float32Array<ArrayBuffer> {
  const { record, bytes } = tensor;
  if (scales !== undefined) {
    return dequantizeTensor(tensor).map((value, i) => value * (scales[i % scales.length] ?? 0));
  }
  if (record === undefined) return new Float32Array(bytes.slice().buffer);
  if (record.dtype === "float16") return fromFloat16(new Uint16Array(bytes.slice().buffer));
  return Float32Array.from(bytes, (stored) => stored * record.scale + record.min);
}

/** Step and start of 256 even steps from `least` to `most`, moved by less than a step to have 0 among them. */
function affineRange(least: number, most: number): { readonly min: number; readonly scale: number } {
  if (least === most) return { min: least, scale: 1 };
  const scale = (most - least) / 255;
  if (least > 0 || most < 0) return { min: least, scale };
  return { min: -Math.round(-least / scale) * scale, scale };
}

function rangeOf(name: string, values: Float32Array): { readonly least: number; readonly most: number } {
  let least = Infinity;
  let most = -Infinity;
  for (const value of values) {
    if (!Number.isFinite(value)) {
      throw new AppError(
        "unsupported_model",
        `weight ${name} holds ${value}, allowed are finite numbers; the training diverged, lower its learning rate`,
      );
    }
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return { least, most };
}
