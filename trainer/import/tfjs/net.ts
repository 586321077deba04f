import { AppError } from "../../../shared/contract/errors.ts";
import type { Border } from "../conversion.ts";

/** Float weights as they were stored: the codes are kept where one scale covers the tensor. */
export interface StoredTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array<ArrayBuffer>;
  /** `value = code * scale + min`, absent for weights that were not stored in 8 bits. */
  readonly codes?: { readonly bytes: Uint8Array<ArrayBuffer>; readonly scale: number; readonly min: number };
}

/** How a window slides. */
export interface NetWindow {
  readonly padding: "same" | "valid" | Border;
  /** `[down, right]` */
  readonly strides: readonly [number, number];
}

/** A convolution; weights are `[height, width, in, out]`, of a depthwise one `[height, width, channels, multiplier]`. */
type Sliding<K> = { readonly kind: K; readonly weights: StoredTensor } & NetWindow;

interface Pooling<K> {
  readonly kind: K;
  readonly size: readonly [number, number];
  readonly strides: readonly [number, number];
  readonly padding: "same" | "valid";
}

/** One step of a net, whichever file format told it. */
export type NetStep =
  | Sliding<"convolution">
  | Sliding<"depthwise">
  | Pooling<"max-pool">
  | Pooling<"average-pool">
  /** Weights are `[in, out]`. */
  | { readonly kind: "dense"; readonly weights: StoredTensor }
  /** `value * factor + addend` of each channel; one of each may stand for all. */
  | { readonly kind: "scale"; readonly factors: Float64Array; readonly addends: Float64Array }
  | { readonly kind: "activation"; readonly activation: "relu" | "relu6" }
  | { readonly kind: "pad"; readonly border: Border }
  /** The mean over height and width. */
  | { readonly kind: "mean"; readonly keepsDimensions: boolean }
  | { readonly kind: "add" }
  /** Without the batch; `null` makes one row of everything. */
  | { readonly kind: "reshape"; readonly shape: readonly number[] | null }
  | { readonly kind: "softmax" }
  /** Gives what it gets: dropout, and whatever else does nothing when nothing is trained. */
  | { readonly kind: "identity" };

/** A step with its place in the net. */
export type NetNode = NetStep & {
  /** Of the value it gives; values are named once. */
  readonly name: string;
  /** Names of the values it takes. */
  readonly inputs: readonly string[];
};

/** A classifier as steps in the order they run. */
export interface Net {
  /** Name of the image that goes in, `[height, width, 3]`. */
  readonly input: { readonly name: string; readonly height: number; readonly width: number };
  readonly nodes: readonly NetNode[];
  /** Name of the value that comes out. */
  readonly output: string;
}

/** The error for a part of a file that cannot be imported. @param where names the part, e.g. `layer conv1 (LSTM)` */
export function cannotImport(where: string, fault: string): AppError {
  return new AppError("unsupported_model", `${where} cannot be imported: ${fault}`);
}
