import type { CheckedGraph } from "../graph-check.ts";
import type { GraphNode, ModelJson } from "../graph-model.ts";
import { type Compilation, type NodeCompiler, sourceOf } from "./compilation.ts";
import { compileActivation, compileBinary, compileReshape } from "./compile-elementwise.ts";
import { compileConvolution, compileDense, compilePool } from "./compile-windows.ts";
import { areAlike } from "./integer-steps.ts";
import { type Grid, noHalo, type Plan, type PlanTensor } from "./steps.ts";

/** The graph operations that our kernels run, beside `Const`. */
const compilers: Readonly<Record<string, NodeCompiler>> = {
  Placeholder: ({ graph, grids }) => {
    const [, rows = 0, columns = 0, channels = 0] = graph.inputShape;
    const grid = grids.get(graph.inputNode);
    const image = { rows, columns, channels, halo: noHalo() };
    return grid === undefined ? { ...image, pitch: channels } : { ...image, pitch: 4, grid };
  },
  _FusedConv2D: compileConvolution,
  FusedDepthwiseConv2dNative: compileConvolution,
  _FusedMatMul: compileDense,
  MaxPool: compilePool,
  AvgPool: compilePool,
  Mean: compilePool,
  AddV2: compileBinary,
  Mul: compileBinary,
  Relu: compileActivation,
  Relu6: compileActivation,
  Identity: compileReshape,
  Reshape: compileReshape,
};

/**
 * Compiles a checked graph to straight-line steps for our kernels; additions and activations go into the step before
 * where nobody else reads its result.
 * @param outputs names of the nodes that will be read; what they do not need is left out
 * @param grids by node, of those to be computed in integers
 * @returns `undefined` when the graph has an operation that the kernels lack, which stock tfjs then runs: models that
 * the trainer compiles or imports have none, so half a graph on either side would be code that nobody runs
 */
export function compilePlan(
  model: ModelJson,
  graph: CheckedGraph,
  outputs: readonly string[],
  grids: ReadonlyMap<string, Grid> = new Map(),
): Plan | undefined {
  const nodes = neededNodes(model.modelTopology.node, outputs);
  const readers = new Map<string, number>();
  for (const name of [...nodes.flatMap((node) => node.input.map(sourceOf)), ...outputs]) {
    readers.set(name, (readers.get(name) ?? 0) + 1);
  }
  const constants = new Set(nodes.filter((node) => node.op === "Const").map((node) => node.name));
  const compilation: Compilation = {
    graph,
    grids,
    constants,
    readers,
    tensors: new Map(),
    shared: new Set(),
    steps: [],
  };
  for (const node of nodes) {
    if (node.op === "Const") continue;
    const tensor = compilers[node.op]?.(compilation, node);
    if (tensor === undefined) return undefined;
    compilation.tensors.set(node.name, tensor);
  }
  const input = compilation.tensors.get(graph.inputNode);
  const read = new Map<string, PlanTensor>();
  for (const output of outputs) {
    const tensor = compilation.tensors.get(output);
    if (tensor === undefined || tensor === input) return undefined;
    read.set(output, tensor);
  }
  if (input === undefined || !compilation.steps.every(areAlike)) return undefined;
  return { input, steps: compilation.steps, outputs: read };
}

/** The nodes that the outputs come from, in the order they have. */
function neededNodes(nodes: readonly GraphNode[], outputs: readonly string[]): GraphNode[] {
  const needed = new Set(outputs);
  for (const node of nodes.toReversed()) {
    if (needed.has(node.name)) for (const input of node.input) needed.add(sourceOf(input));
  }
  return nodes.filter((node) => needed.has(node.name));
}
