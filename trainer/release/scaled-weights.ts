import type { Graph, GraphWeight } from "./graph-model.ts";
import { constant, typeAttr } from "./graph-nodes.ts";

/**
 * Weights with a scale for each channel as a standard GraphModel says them: codes, scales and their product, which
 * `foldScaledWeights` of shared/inference makes one constant again.
 */
export function spellOutScales(graph: Graph): Pick<Graph, "nodes" | "weights"> {
  const scaled = new Map(
    graph.weights
      .filter((weight) => weight.stored?.scales !== undefined)
      .map((weight) => [weight.name, partsOf(weight)]),
  );
  return {
    weights: graph.weights.flatMap((weight) => scaled.get(weight.name) ?? [weight]),
    nodes: graph.nodes.flatMap((node) => {
      const parts = scaled.get(node.name);
      if (parts === undefined) return [node];
      const names = parts.map(({ name }) => name);
      return [
        ...parts.map(({ name, type, shape }) => constant(name, type, shape)),
        { name: node.name, op: "Mul", input: names, attr: { T: typeAttr("float32") } },
      ];
    }),
  };
}

function partsOf(weight: GraphWeight): readonly GraphWeight[] {
  const { scales = new Float32Array(), ...stored } = weight.stored ?? {
    storage: "none",
    bytes: new Uint8Array(),
  };
  return [
    { ...weight, name: `${weight.name}/codes`, stored },
    {
      name: `${weight.name}/scales`,
      shape: shapeOfScales(weight.shape, scales.length),
      type: "float32",
      values: scales,
      role: "bias",
      layer: weight.layer,
    },
  ];
}

/** The last sizes of `shape` that make `channels`: of a depthwise kernel `[h, w, channels, 1]` the last two. */
function shapeOfScales(shape: readonly number[], channels: number): readonly number[] {
  let count = 1;
  for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
    count *= shape[axis] ?? 1;
    if (count === channels && shape[axis] !== 1) return shape.slice(axis);
  }
  return shape.slice(-1);
}
