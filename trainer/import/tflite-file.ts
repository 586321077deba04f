import { AppError } from "../../shared/contract/errors.ts";
import { type FlatTable, openFlatBuffer } from "./flat-buffer.ts";
import {
  operatorName,
  readOperation,
  type TfliteOperation,
  unsupportedOperator,
} from "./tflite-operators.ts";

/** Number format of a tensor. */
export type TfliteType = "float32" | "float16" | "int32" | "uint8" | "int64" | "int8" | "other";

/** `value = (code - zeroPoint) * scale`, for the whole tensor or each position along `axis`. */
export interface AffineCodes {
  /** One, or one for each position; finite and positive. */
  readonly scales: readonly number[];
  /** As many as `scales`. */
  readonly zeroPoints: readonly number[];
  readonly axis: number;
}

/** A tensor as the file describes it; nothing here was compared with what the operators compute. */
export interface TfliteTensor {
  readonly shape: readonly number[];
  readonly type: TfliteType;
  /** `null` when its numbers stand for themselves. */
  readonly codes: AffineCodes | null;
  /** `null` when it is computed. */
  readonly data: Uint8Array | null;
}

/** One step of the computation. */
export interface TfliteOperator {
  readonly index: number;
  readonly operation: TfliteOperation;
  /** Positions of tensors; -1 is an input left out. */
  readonly inputs: readonly number[];
  /** Position of the only output. */
  readonly output: number;
}

/** A TensorFlow Lite model of one input and one output. */
export interface TfliteFile {
  readonly tensors: readonly TfliteTensor[];
  readonly operators: readonly TfliteOperator[];
  readonly input: number;
  readonly output: number;
}

/** Codes of `TensorType` of schema.fbs. */
const types: Readonly<Record<number, TfliteType>> = {
  0: "float32",
  1: "float16",
  2: "int32",
  3: "uint8",
  4: "int64",
  9: "int8",
};

const mostTensors = 4096;
/** Leaves room under the limit of nodes of model.json. */
const mostOperators = 1024;

/**
 * Reads a .tflite file (TensorFlow Lite's schema.fbs, version 3), which nobody vouches for.
 * @throws invalid_argument when it is damaged or no such file; unsupported_model naming the operator that is none of ours
 */
export function readTfliteFile(bytes: Uint8Array): TfliteFile {
  const root = openFlatBuffer(bytes, "TFL3");
  const version = root.int32(0, 0);
  const [graph, second] = root.tables(2);
  if (version !== 3 || graph === undefined || second !== undefined) {
    throw new AppError(
      "unsupported_model",
      `the file has schema version ${version} and ${graph === undefined ? "no graph" : second ? "several graphs" : "one graph"}; ` +
        "allowed are version 3 and one graph",
    );
  }
  const buffers = root.tables(4).map((buffer) => buffer.bytes(0));
  const tensors = limited("tensors", graph.tables(0), mostTensors).map((table) => readTensor(table, buffers));
  const codes = root.tables(1);
  const operators = limited("operators", graph.tables(3), mostOperators).map((table, index) =>
    readOperator(table, index, codes, tensors.length),
  );
  const [input, ...moreInputs] = graph.int32s(1);
  const [output, ...moreOutputs] = graph.int32s(2);
  if (input === undefined || output === undefined || moreInputs.length + moreOutputs.length > 0) {
    throw new AppError(
      "unsupported_model",
      `the model has ${graph.int32s(1).length} inputs and ${graph.int32s(2).length} outputs; ` +
        "allowed are one image in and one list of classes out",
    );
  }
  return { tensors, operators, input, output };
}

function limited<T>(what: string, items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  throw new AppError("unsupported_model", `the model has ${items.length} ${what}; allowed are ${most}`);
}

function readTensor(table: FlatTable, buffers: readonly (Uint8Array | null)[]): TfliteTensor {
  const data = buffers[table.int32(2, 0)] ?? null;
  return {
    shape: table.int32s(0),
    type: types[table.int8(1, 0)] ?? "other",
    codes: readCodes(table.table(4)),
    // A buffer without bytes stands for no constant.
    data: data === null || data.length === 0 ? null : data,
  };
}

function readCodes(quantization: FlatTable | null): AffineCodes | null {
  const scales = quantization?.float32s(2) ?? [];
  if (quantization === null || scales.length === 0) return null;
  const stored = quantization.int64s(3);
  const zeroPoints = stored.length === 0 ? scales.map(() => 0) : stored;
  const usable = scales.every((scale) => Number.isFinite(scale) && scale > 0);
  const inRange = zeroPoints.every((zero) => Math.abs(zero) <= 2 ** 31);
  if (!usable || !inRange || zeroPoints.length !== scales.length) {
    throw new AppError(
      "invalid_argument",
      "a tensor's quantization has a scale that is not positive, or not one zero point for each scale; " +
        "export the model again",
    );
  }
  return { scales, zeroPoints, axis: quantization.int32(6, 0) };
}

function readOperator(
  table: FlatTable,
  index: number,
  codes: readonly FlatTable[],
  tensors: number,
): TfliteOperator {
  const code = codes[table.int32(0, 0)];
  // Codes up to 127 stand in the old field, later ones in the new.
  const number = code === undefined ? -1 : Math.max(code.int8(0, 0), code.int32(3, 0));
  const custom = code?.text(1) ?? "";
  const name = custom === "" ? operatorName(number) : `custom operator ${custom}`;
  const operation = readOperation(name, index, table.table(4));
  const inputs = table.int32s(1);
  const [output, ...more] = table.int32s(2);
  const known = [...inputs, output ?? -1].every((tensor) => tensor >= -1 && tensor < tensors);
  if (!known || output === undefined || output < 0 || more.length > 0) {
    throw unsupportedOperator(
      name,
      index,
      "it must have tensors of the file as inputs and as its only output",
    );
  }
  return { index, operation, inputs, output };
}
