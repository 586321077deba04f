import { AppError } from "../../shared/contract/errors.ts";
import type { FlatTable } from "./flat-buffer.ts";

/** What an operator does with its result. */
export type TfliteActivation = "linear" | "relu" | "relu6";

/** How a window slides, of convolutions and pooling. */
export interface TfliteWindow {
  readonly padding: "same" | "valid";
  /** `[down, right]`, 1 to 64 */
  readonly strides: readonly [number, number];
  readonly activation: TfliteActivation;
}

/** An operator that we read, with its options. */
export type TfliteOperation =
  | ({ readonly kind: "CONV_2D" } & TfliteWindow)
  | ({ readonly kind: "DEPTHWISE_CONV_2D" } & TfliteWindow)
  | ({
      readonly kind: "AVERAGE_POOL_2D" | "MAX_POOL_2D";
      /** `[height, width]`, 1 to 64 */
      readonly size: readonly [number, number];
    } & TfliteWindow)
  | { readonly kind: "FULLY_CONNECTED"; readonly activation: TfliteActivation }
  | { readonly kind: "ADD"; readonly activation: TfliteActivation }
  | { readonly kind: "MEAN"; readonly keepsDimensions: boolean }
  | { readonly kind: "SOFTMAX" }
  | { readonly kind: (typeof operationsWithoutOptions)[number] };

/** What they do stands in their tensors alone. */
const operationsWithoutOptions = ["RESHAPE", "SQUEEZE", "PAD", "QUANTIZE", "DEQUANTIZE"] as const;

/** Codes of TensorFlow Lite's schema (`BuiltinOperator` of schema.fbs): all that we read, and usual others by name. */
const operatorNames: Readonly<Record<number, string>> = {
  0: "ADD",
  1: "AVERAGE_POOL_2D",
  2: "CONCATENATION",
  3: "CONV_2D",
  4: "DEPTHWISE_CONV_2D",
  6: "DEQUANTIZE",
  9: "FULLY_CONNECTED",
  14: "LOGISTIC",
  17: "MAX_POOL_2D",
  18: "MUL",
  19: "RELU",
  21: "RELU6",
  22: "RESHAPE",
  23: "RESIZE_BILINEAR",
  25: "SOFTMAX",
  28: "TANH",
  32: "CUSTOM",
  34: "PAD",
  36: "GATHER",
  39: "TRANSPOSE",
  40: "MEAN",
  41: "SUB",
  42: "DIV",
  43: "SQUEEZE",
  45: "STRIDED_SLICE",
  49: "SPLIT",
  54: "PRELU",
  77: "SHAPE",
  83: "PACK",
  114: "QUANTIZE",
  117: "HARD_SWISH",
};

const supported =
  "CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, AVERAGE_POOL_2D, MAX_POOL_2D, ADD, MEAN, PAD, RESHAPE, SQUEEZE, " +
  "SOFTMAX, QUANTIZE and DEQUANTIZE";

/** Name of an operator's code. */
export function operatorName(code: number): string {
  return operatorNames[code] ?? `builtin operator ${code}`;
}

/** The error for an operator that cannot be imported. @param fault what is wrong with it and what is allowed */
export function unsupportedOperator(name: string, index: number, fault: string): AppError {
  return new AppError("unsupported_model", `operator ${index} (${name}) of the file: ${fault}`, {
    details: { operator: name, index },
  });
}

/**
 * Reads the options of an operator; field numbers are those of schema.fbs.
 * @param options absent when all of them have their defaults
 * @throws unsupported_model when the operator or one of its options is none that we run
 */
export function readOperation(name: string, index: number, options: FlatTable | null): TfliteOperation {
  const refuse = (fault: string): AppError => unsupportedOperator(name, index, fault);
  const { activation, pair, window } = optionReaders(options, refuse);
  switch (name) {
    case "CONV_2D":
      return { kind: name, ...window(3, 4) };
    case "DEPTHWISE_CONV_2D":
      return { kind: name, ...window(4, 5) };
    case "AVERAGE_POOL_2D":
    case "MAX_POOL_2D":
      return { kind: name, size: pair(3, 0), ...window(5) };
    case "FULLY_CONNECTED":
      if (options?.int8(1, 0)) throw refuse("its weights are shuffled; export the model without that");
      return { kind: name, activation: activation(0) };
    case "ADD":
      return { kind: name, activation: activation(0) };
    case "MEAN":
      return { kind: name, keepsDimensions: options?.int8(0, 0) === 1 };
    case "SOFTMAX":
      requireUnitBeta(options, refuse);
      return { kind: name };
    default: {
      const kind = operationsWithoutOptions.find((candidate) => candidate === name);
      if (kind === undefined) throw refuse(`it is not supported; supported are ${supported}`);
      return { kind };
    }
  }
}

function requireUnitBeta(options: FlatTable | null, refuse: (fault: string) => AppError): void {
  const beta = options?.float32(0, 0) ?? 0;
  if (beta !== 1) throw refuse(`its beta is ${beta}; only 1 is read, so that the logits have temperature 1`);
}

/** Readers of the options that several operators share. */
function optionReaders(options: FlatTable | null, refuse: (fault: string) => AppError) {
  const activation = (field: number): TfliteActivation => {
    const code = options?.int8(field, 0) ?? 0;
    if (code === 0) return "linear";
    if (code === 1) return "relu";
    if (code === 3) return "relu6";
    throw refuse(`its activation has the code ${code}; allowed are none, RELU and RELU6`);
  };
  /** `[height, width]`; the schema has the width first. */
  const pair = (field: number, fallback: number): [number, number] => {
    const width = options?.int32(field, fallback) ?? fallback;
    const height = options?.int32(field + 1, fallback) ?? fallback;
    if ([height, width].every((value) => value >= 1 && value <= 64)) return [height, width];
    throw refuse(`it has a stride, size or dilation of ${height}x${width}; allowed are 1 to 64`);
  };
  const window = (activationField: number, dilationField?: number): TfliteWindow => {
    const [down, right] = dilationField === undefined ? [1, 1] : pair(dilationField, 1);
    if (down * right > 1) throw refuse(`it is dilated by ${down}x${right}; only 1x1 is run`);
    return {
      padding: options?.int8(0, 0) === 1 ? "valid" : "same",
      strides: pair(1, 0),
      activation: activation(activationField),
    };
  };
  return { activation, pair, window };
}
