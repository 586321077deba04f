import type { Quantization } from "../../shared/contract/manifest.ts";
import type { Graph, GraphWeight } from "./graph-model.ts";
import { spellOutScales } from "./scaled-weights.ts";
import { quantizeTensor, type QuantizationRecord, type QuantizedTensor } from "./quantize.ts";

/** A file of a bundle with its bytes. */
export interface FileBytes {
  /** A plain name in the version's folder. */
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A GraphModel as files, `model.json` first. */
export interface ModelFiles {
  readonly files: readonly FileBytes[];
  /** Storage used, by name of the weight. */
  readonly tensors: Readonly<Record<string, Quantization>>;
  /** Bytes of the weights as stored. */
  readonly weightBytes: number;
  /** Bytes the same weights take in float32. */
  readonly floatBytes: number;
}

/** An entry of tfjs's weights manifest. */
interface WeightSpec {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly quantization?: QuantizationRecord;
}

/** Shards as large as the Python converter makes them, and never more than a manifest may list. */
const shardBytes = 4 * 1024 * 1024;
const mostShards = 48;

/**
 * Writes a graph as `model.json` and weight shards, deterministically.
 * Wide numbers come first, so that every tensor is aligned to its element size.
 * @param storageOf the storage wanted of a weight; axes are always stored as they are,
 *   and not asked of weights whose storage is settled
 * @throws unsupported_model when a weight is not finite
 */
export function writeModelFiles(graph: Graph, storageOf: (weight: GraphWeight) => Quantization): ModelFiles {
  const { nodes, weights } = spellOutScales(graph);
  const stored = weights
    .map((weight) => ({ weight, tensor: storeWeight(weight, storageOf) }))
    .toSorted((a, b) => elementBytes(b.tensor) - elementBytes(a.tensor));
  const specs = stored.map(({ weight, tensor }): WeightSpec => ({
    name: weight.name,
    shape: weight.shape,
    dtype: weight.type,
    ...(tensor.record === undefined ? {} : { quantization: tensor.record }),
  }));
  const shards = splitIntoShards(stored.map(({ tensor }) => tensor.bytes));
  const model = {
    format: "graph-model",
    generatedBy: "edgewise",
    convertedBy: "edgewise",
    modelTopology: { node: nodes, library: {}, versions: { producer: 1882, minConsumer: 12 } },
    signature: graph.signature,
    weightsManifest: [{ paths: shards.map((shard) => shard.path), weights: specs }],
  };
  return {
    files: [{ path: "model.json", bytes: new TextEncoder().encode(JSON.stringify(model)) }, ...shards],
    tensors: Object.fromEntries(stored.map(({ weight, tensor }) => [weight.name, tensor.storage])),
    weightBytes: stored.reduce((sum, { tensor }) => sum + tensor.bytes.length, 0),
    floatBytes: graph.weights.reduce((sum, weight) => sum + weight.values.byteLength, 0),
  };
}

function storeWeight(weight: GraphWeight, storageOf: (weight: GraphWeight) => Quantization): QuantizedTensor {
  if (weight.stored !== undefined) return weight.stored;
  if (weight.values instanceof Int32Array) {
    return { storage: "none", bytes: new Uint8Array(Int32Array.from(weight.values).buffer) };
  }
  return quantizeTensor(weight.name, weight.values, storageOf(weight));
}

function elementBytes(tensor: QuantizedTensor): number {
  return { none: 4, float16: 2, uint8: 1 }[tensor.storage];
}

function splitIntoShards(tensors: readonly Uint8Array[]): FileBytes[] {
  const size = tensors.reduce((sum, tensor) => sum + tensor.length, 0);
  const whole = new Uint8Array(size);
  let offset = 0;
  for (const tensor of tensors) {
    whole.set(tensor, offset);
    offset += tensor.length;
  }
  const length = Math.max(shardBytes, Math.ceil(size / mostShards));
  const count = Math.ceil(size / length);
  return Array.from({ length: count }, (_, index) => ({
    path: `group1-shard${index + 1}of${count}.bin`,
    bytes: whole.subarray(index * length, (index + 1) * length),
  }));
}
