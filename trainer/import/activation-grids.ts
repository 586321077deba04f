import type { Graph } from "../release/graph-model.ts";
import { type GraphNode, texts } from "../release/graph-nodes.ts";
import { codedRange } from "./constants.ts";
import { type Conversion, originOf } from "./conversion.ts";

const plainOps = JSON.stringify(texts(["BiasAdd"]));

/**
 * The grids on which a quantised net computes, from its image to the map that it takes the mean of, where our kernels
 * compute on them too: convolutions of codes, depthwise ones of 3x3, and sums of what a convolution gives and another
 * tensor. `undefined` for any other net, which then runs in float32 on the values of its codes.
 */
export function activationGridsOf(conversion: Conversion): Graph["activationGrids"] {
  const { file, values, pooling, builder } = conversion;
  const input = file.tensors[file.input];
  if (pooling === null || input === undefined || codedRange(input) === null) return undefined;
  const nodes = new Map(builder.nodes.map((node) => [node.name, node]));
  const grids: Record<string, { scale: number; zeroPoint: number }> = {};
  for (const operator of file.operators) {
    if (operator.operation.kind === "QUANTIZE") continue;
    const tensor = file.tensors[operator.output];
    const node = nodes.get(values.get(originOf(conversion, operator.output))?.node ?? "");
    const range = tensor === undefined ? null : codedRange(tensor);
    if (node === undefined || range === null || !runsOnGrids(node, nodes, builder)) return undefined;
    const zeroPoint = Math.round(-range.least / range.step);
    if (zeroPoint < 0 || zeroPoint > 255) return undefined;
    grids[node.name] = { scale: range.step, zeroPoint };
    if (node.name === pooling.featureMap.node) return grids;
  }
  return undefined;
}

function runsOnGrids(
  node: GraphNode,
  nodes: ReadonlyMap<string, GraphNode>,
  { weights }: Conversion["builder"],
): boolean {
  const [first, second] = node.input ?? [];
  const kernel = weights.find(({ name }) => name === second);
  const areCodes = kernel?.stored?.storage === "uint8";
  if (node.op === "_FusedConv2D") return areCodes;
  if (node.op === "FusedDepthwiseConv2dNative") return areCodes && kernel.shape.join().startsWith("3,3,");
  return node.op === "AddV2" && [first, second].some((name) => isPlain(nodes.get(name ?? ""), nodes));
}

/** A convolution without activation that nobody else reads: the addition becomes part of it. */
function isPlain(node: GraphNode | undefined, nodes: ReadonlyMap<string, GraphNode>): boolean {
  if (node?.op !== "_FusedConv2D") return false;
  const readers = [...nodes.values()].filter(({ input = [] }) => input.includes(node.name));
  return readers.length === 1 && JSON.stringify(node.attr["fused_ops"]) === plainOps;
}
