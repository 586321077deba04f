import type { Quantization } from "../contract/manifest.ts";

/** What a node is told beside its inputs; of each only the fields that are read. */
export interface GraphAttribute {
  /** Text as base64. */
  readonly s?: string;
  readonly b?: boolean;
  readonly i?: number;
  readonly shape?: { readonly dim: readonly { readonly size: number }[] };
  readonly list?: { readonly i?: readonly number[]; readonly s?: readonly string[] };
}

/** One operation of the graph. */
export interface GraphNode {
  readonly name: string;
  readonly op: string;
  /** Names of nodes; `name:0` is the same as `name`. */
  readonly input: readonly string[];
  readonly attr: Readonly<Record<string, GraphAttribute>>;
}

/** How the bytes of one weight tensor are to be read. */
export interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  /** Of float32 weights alone; `value = q * scale + min` for uint8. */
  readonly quantization?:
    | { readonly dtype: "float16" }
    | { readonly dtype: "uint8"; readonly scale: number; readonly min: number };
}

/** The parts of tfjs's `model.json` that inference uses. */
export interface ModelJson {
  readonly modelTopology: { readonly node: readonly GraphNode[] };
  readonly weightsManifest: readonly {
    readonly paths: readonly string[];
    readonly weights: readonly WeightSpec[];
  }[];
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How a weight is stored. */
export function quantizationOf(weight: WeightSpec): Quantization {
  return weight.quantization?.dtype ?? "none";
}

/** Bytes of a weight as stored. */
export function storedBytes(weight: WeightSpec): number {
  const width = { none: 4, float16: 2, uint8: 1 }[quantizationOf(weight)];
  return elementsOf(weight.shape) * width;
}
