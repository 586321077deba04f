import type { Graph } from "../../../trainer/release/graph-model.ts";
import { quantizeTensor } from "../../../trainer/release/quantize.ts";

/** Grids as such nets have them: from 0 to 6 behind an activation, around 0 elsewhere. */
const grids = { bounded: { scale: 6 / 255, zeroPoint: 0 }, free: { scale: 0.1, zeroPoint: 128 } } as const;

/** The same net, computed in integers up to its features: codes for weights, and a grid for what every layer gives. */
export function inIntegers(graph: Graph): Graph {
  const end = graph.nodes.findIndex(({ name }) => name === graph.outputs.featureMap?.node);
  const layers = graph.nodes.slice(0, end + 1).filter(({ op }) => op !== "Const" && op !== "Placeholder");
  const activationGrids = Object.fromEntries(
    layers.map(({ name, attr }) => {
      const isBounded = JSON.stringify(attr["fused_ops"] ?? "").includes(btoa("Relu6"));
      return [name, isBounded ? grids.bounded : grids.free];
    }),
  );
  const weights = graph.weights.map((weight) => {
    if (weight.role !== "kernel" || !(weight.values instanceof Float32Array)) return weight;
    return { ...weight, stored: quantizeTensor(weight.name, weight.values, "uint8") };
  });
  return { ...graph, weights, activationGrids };
}
