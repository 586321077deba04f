import type { GraphNode, ModelJson } from "./graph-model.ts";
import { elementsOf, quantizationOf } from "./graph-model.ts";
import type { PlacedWeight, Weights } from "./weights.ts";

/**
 * Weights with a scale for each channel. A standard GraphModel says them as `Mul(codes, scales)`, which any tfjs client
 * runs, at every prediction anew; here each such node becomes the one constant that it is.
 * Codes are uint8 weights; scales are float32, one for each output: the last sizes of the codes' shape, none of them
 * broadcast. Any other `Mul` stays.
 */
export function foldScaledWeights(
  model: ModelJson,
  weights: Weights,
): { readonly model: ModelJson; readonly weights: Weights } {
  const placed = new Map(weights.specs.map((spec) => [spec.name, spec]));
  const readers = countReaders(model.modelTopology.node);
  const folded = new Map<string, PlacedWeight>();
  const gone = new Set<string>();
  for (const node of model.modelTopology.node) {
    const [codes, scales, more] = node.input.map((input) => placed.get(input.replace(/:0$/, "")));
    if (node.op !== "Mul" || codes === undefined || scales === undefined || more !== undefined) continue;
    const areOwn = [codes, scales].every(({ name }) => readers.get(name) === 1);
    if (!areOwn || !isScaleOf(scales, codes)) continue;
    folded.set(node.name, { ...codes, name: node.name, scales: readScales(weights.bytes, scales) });
    gone.add(codes.name).add(scales.name);
  }
  if (folded.size === 0) return { model, weights };
  const specs = [...weights.specs.filter(({ name }) => !gone.has(name)), ...folded.values()];
  const nodes = model.modelTopology.node
    .filter(({ name }) => !gone.has(name))
    .map((node): GraphNode => (folded.has(node.name) ? { ...node, op: "Const", input: [] } : node));
  return {
    model: {
      ...model,
      modelTopology: { ...model.modelTopology, node: nodes },
      weightsManifest: [{ paths: model.weightsManifest.flatMap(({ paths }) => paths), weights: specs }],
    },
    weights: { ...weights, specs },
  };
}

function isScaleOf(scales: PlacedWeight, codes: PlacedWeight): boolean {
  const ending = codes.shape.slice(codes.shape.length - scales.shape.length);
  return (
    quantizationOf(codes) === "uint8" &&
    quantizationOf(scales) === "none" &&
    scales.dtype === "float32" &&
    scales.shape.length >= 1 &&
    scales.shape.length <= codes.shape.length &&
    scales.shape.every((size, axis) => size === ending[axis])
  );
}

function countReaders(nodes: readonly GraphNode[]): ReadonlyMap<string, number> {
  const readers = new Map<string, number>();
  for (const input of nodes.flatMap((node) => node.input)) {
    const name = input.replace(/:0$/, "");
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  return readers;
}

function readScales(bytes: Uint8Array, { offset, shape }: PlacedWeight): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  return Float32Array.from({ length: elementsOf(shape) }, (_, i) => view.getFloat32(4 * i, true));
}
