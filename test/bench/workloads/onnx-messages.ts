import { bytesField, concatenate, integerField } from "./protobuf.ts";

// Field numbers as in https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
const irVersion = 8;
const operatorSet = 13;
const floatType = 1;
const attributeTypes = { integer: 2, integers: 7 } as const;

/** A value of an operator's attribute. */
export type OnnxAttribute = number | readonly number[];

/** One operator of a graph. */
export interface OnnxNode {
  readonly operator: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes?: Readonly<Record<string, OnnxAttribute>>;
}

/** A float32 tensor that the graph contains. */
export interface OnnxWeight {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}

/** A graph with one float32 input and one float32 output. */
export interface OnnxGraph {
  readonly nodes: readonly OnnxNode[];
  readonly weights: readonly OnnxWeight[];
  readonly input: { readonly name: string; readonly shape: readonly number[] };
  readonly output: { readonly name: string; readonly shape: readonly number[] };
}

/** The bytes of an `.onnx` file. */
export function encodeOnnxModel(graph: OnnxGraph): Uint8Array {
  const operators = [bytesField(1, ""), integerField(2, operatorSet)];
  return concatenate([
    integerField(1, irVersion),
    bytesField(2, "edgewise-bench"),
    bytesField(7, encodeGraph(graph)),
    bytesField(8, operators),
  ]);
}

function encodeGraph({ nodes, weights, input, output }: OnnxGraph): Uint8Array[] {
  return [
    ...nodes.map((node) => bytesField(1, encodeNode(node))),
    bytesField(2, "graph"),
    ...weights.map((weight) => bytesField(5, encodeWeight(weight))),
    bytesField(11, encodeValue(input.name, input.shape)),
    bytesField(12, encodeValue(output.name, output.shape)),
  ];
}

function encodeNode({ operator, inputs, output, attributes = {} }: OnnxNode): Uint8Array[] {
  return [
    ...inputs.map((name) => bytesField(1, name)),
    bytesField(2, output),
    bytesField(3, output),
    bytesField(4, operator),
    ...Object.entries(attributes).map(([name, value]) => bytesField(5, encodeAttribute(name, value))),
  ];
}

function encodeAttribute(name: string, value: OnnxAttribute): Uint8Array[] {
  if (typeof value === "number") {
    return [bytesField(1, name), integerField(3, value), integerField(20, attributeTypes.integer)];
  }
  return [
    bytesField(1, name),
    ...value.map((item) => integerField(8, item)),
    integerField(20, attributeTypes.integers),
  ];
}

function encodeWeight({ name, shape, values }: OnnxWeight): Uint8Array[] {
  const { buffer, byteOffset, byteLength } = values;
  return [
    ...shape.map((length) => integerField(1, length)),
    integerField(2, floatType),
    bytesField(8, name),
    bytesField(9, new Uint8Array(buffer, byteOffset, byteLength)),
  ];
}

function encodeValue(name: string, shape: readonly number[]): Uint8Array[] {
  const dimensions = shape.map((length) => bytesField(1, [integerField(1, length)]));
  const tensor = [integerField(1, floatType), bytesField(2, dimensions)];
  return [bytesField(1, name), bytesField(2, [bytesField(1, tensor)])];
}
