import type { CheckedGraph } from "../graph-check.ts";
import type { GraphNode } from "../graph-model.ts";
import { type Bounds, type Grid, type PlanStep, planTensor, type PlanTensor } from "./steps.ts";

/** The plan so far. */
export interface Compilation {
  readonly graph: CheckedGraph;
  /** By node, of those that give integers. */
  readonly grids: ReadonlyMap<string, Grid>;
  readonly constants: ReadonlySet<string>;
  /** How many nodes and outputs read a node. */
  readonly readers: ReadonlyMap<string, number>;
  readonly tensors: Map<string, PlanTensor>;
  /** Those with other readers than the last name they go by tells. */
  readonly shared: Set<PlanTensor>;
  steps: PlanStep[];
}

/** Adds the steps of a node; gives what it computes, `undefined` where the kernels cannot. */
export type NodeCompiler = (compilation: Compilation, node: GraphNode) => PlanTensor | undefined;

/** The node that an input names. */
export function sourceOf(input: string): string {
  return input.replace(/:0$/, "");
}

/** The tensor a node reads, where it is one. */
export function inputTensor(
  compilation: Compilation,
  node: GraphNode,
  index: number,
): PlanTensor | undefined {
  return compilation.tensors.get(sourceOf(node.input[index] ?? ""));
}

/** The name of the constant a node reads, where it is one. */
export function inputConstant(compilation: Compilation, node: GraphNode, index: number): string | undefined {
  const name = sourceOf(node.input[index] ?? "");
  return compilation.constants.has(name) ? name : undefined;
}

/** The shape of a node's output, for a batch of one. */
export function shapeOf(compilation: Compilation, name: string): readonly number[] {
  return compilation.graph.shapes.get(name) ?? [];
}

/** Room for a node's result: an image, or a vector as an image of one pixel. */
export function resultTensor(compilation: Compilation, node: GraphNode): PlanTensor | undefined {
  const shape = shapeOf(compilation, node.name);
  const [, rows = 0, columns = 0, channels = 0] = shape.length === 2 ? [1, 1, 1, shape[1]] : shape;
  return shape.length === 2 || shape.length === 4
    ? planTensor(rows, columns, channels, compilation.grids.get(node.name))
    : undefined;
}

/** Room for the result of a kernel that goes channel by channel, so both sides must be stored alike, unless one is on a grid. */
export function resultLike(
  compilation: Compilation,
  node: GraphNode,
  source: PlanTensor | undefined,
): PlanTensor | undefined {
  const result = resultTensor(compilation, node);
  const leavesGrid = source?.grid !== undefined && result?.grid === undefined;
  return source?.pitch === result?.pitch || leavesGrid ? result : undefined;
}

/** What an activation bounds its values to. */
export function boundsOf(activation: string | undefined): Bounds {
  if (activation === "Relu") return { low: 0, high: Number.POSITIVE_INFINITY };
  if (activation === "Relu6") return { low: 0, high: 6 };
  return { low: Number.NEGATIVE_INFINITY, high: Number.POSITIVE_INFINITY };
}
