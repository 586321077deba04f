import type { GraphBuilder } from "./graph-builder.ts";
import type { TfliteFile, TfliteOperator, TfliteTensor } from "./tflite-file.ts";
import { unsupportedOperator } from "./tflite-operators.ts";

/** Rows and columns of zeros around an image. */
export interface Border {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

/** What a node of the graph gives. */
export interface Value {
  readonly node: string;
  /** As the file says, batch first; compared with the graph's own shapes once that is whole. */
  readonly shape: readonly number[];
  /** Zeros that the convolution which reads it has yet to add; the shape is that without them. */
  readonly border: Border | null;
}

/** A conversion on its way through the operators. */
export interface Conversion {
  readonly file: TfliteFile;
  readonly builder: GraphBuilder;
  /** By position of the tensor. */
  readonly values: Map<number, Value>;
  /** Tensors that only stand for others: what QUANTIZE and DEQUANTIZE give has the same real values. */
  readonly aliases: Map<number, number>;
  /** The logits, by position of the probabilities made of them. */
  readonly softmaxInputs: Map<number, number>;
  /** The last mean over height and width: what went in and what came out. */
  pooling: { readonly featureMap: Value; readonly pooled: Value } | null;
}

/** The tensor that `index` stands for. */
export function originOf(conversion: Conversion, index: number): number {
  return conversion.aliases.get(index) ?? index;
}

/** Name of the operator's node. */
export function nodeNameOf({ operation, index }: TfliteOperator): string {
  return `${operation.kind.toLowerCase()}_${index}`;
}

/** The error for an operator that cannot be imported. */
export function refuse({ operation, index }: TfliteOperator, fault: string): Error {
  return unsupportedOperator(operation.kind, index, fault);
}

/** An input that an earlier operator computes, zeros around it not yet added. @throws unsupported_model */
export function borderedInput(conversion: Conversion, operator: TfliteOperator, position: number): Value {
  const value = conversion.values.get(originOf(conversion, operator.inputs[position] ?? -1));
  if (value !== undefined) return value;
  throw refuse(
    operator,
    `its input ${position} is not computed by an operator before it; constants and probabilities cannot be read here`,
  );
}

/** An input that an earlier operator computes. @throws unsupported_model */
export function valueInput(conversion: Conversion, operator: TfliteOperator, position: number): Value {
  const value = borderedInput(conversion, operator, position);
  if (value.border === null) return value;
  throw refuse(operator, "it reads a padded image; only a convolution with VALID padding may follow PAD");
}

/** An input image, `[1, height, width, channels]`. @throws unsupported_model */
export function requireImage(
  operator: TfliteOperator,
  { shape }: Value,
): { readonly height: number; readonly width: number; readonly channels: number } {
  const [, height = 0, width = 0, channels = 0] = shape;
  if (shape.length === 4) return { height, width, channels };
  throw refuse(
    operator,
    `its input has the shape [${shape.join(", ")}]; allowed is [1, height, width, channels]`,
  );
}

/** An input that the file holds, `null` when the operator leaves it out. */
export function constantInput(
  conversion: Conversion,
  operator: TfliteOperator,
  position: number,
): TfliteTensor | null {
  const index = operator.inputs[position] ?? -1;
  return conversion.file.tensors[originOf(conversion, index)] ?? null;
}

/** An input that the file must hold. @throws unsupported_model */
export function requiredConstant(
  conversion: Conversion,
  operator: TfliteOperator,
  position: number,
): TfliteTensor {
  const tensor = constantInput(conversion, operator, position);
  if (tensor !== null) return tensor;
  throw refuse(operator, `its input ${position} is missing`);
}

/** The tensor that the operator gives. @throws unsupported_model */
export function outputTensor(conversion: Conversion, operator: TfliteOperator): TfliteTensor {
  const tensor = conversion.file.tensors[operator.output];
  if (tensor?.shape.every((size) => size > 0)) return tensor;
  throw refuse(
    operator,
    `its output has the shape [${tensor?.shape.join(", ") ?? ""}]; allowed are sizes from 1 on`,
  );
}

/** Notes that a node gives what the operator gives. */
export function setOutput(conversion: Conversion, operator: TfliteOperator, node: string): Value {
  const value = { node, shape: outputTensor(conversion, operator).shape, border: null };
  conversion.values.set(operator.output, value);
  return value;
}
