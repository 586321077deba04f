import { AppError } from "../contract/errors.ts";
import { unsupportedNode } from "./graph-attributes.ts";
import { elementsOf, type GraphNode, type ModelJson, type WeightSpec } from "./graph-model.ts";
import { graphOps, type OpInput, type OpOutput, type Shape } from "./graph-ops.ts";

/** A graph that we can run, with what it takes. */
export interface CheckedGraph {
  /** Name of the node that takes the images. */
  readonly inputNode: string;
  /** `[1, height, width, 3]` of the input. */
  readonly inputShape: Shape;
  /** Shape of every node's output, for a batch of one. */
  readonly shapes: ReadonlyMap<string, Shape>;
  /** tfjs kernels it needs, sorted. */
  readonly kernels: readonly string[];
  readonly memory: GraphMemory;
}

/** What a graph takes of the WASM memory, estimated from its shapes for a batch of one. */
export interface GraphMemory {
  /** For as long as the model is loaded: float32 weights, XNNPACK's packed copy and its buffers. */
  readonly residentBytes: number;
  /** While it runs: the most that its tensors take at one time. */
  readonly activationBytes: number;
}

/** Any tensor of ours is far smaller; past it sizes would leave the integers that kernels count with. */
const largestTensorElements = 2 ** 26;

/**
 * Checks every node of a graph without running it: known operation, known inputs, fitting shapes.
 * @param constantValues values of the int32 weights, by name
 * @param outputs names of the nodes that will be read
 * @throws {AppError} unsupported_model naming the node that we do not run
 */
export function checkGraph(
  model: ModelJson,
  constantValues: ReadonlyMap<string, readonly number[]>,
  outputs: readonly string[],
): CheckedGraph {
  const nodes = model.modelTopology.node;
  const weights = new Map(
    model.weightsManifest.flatMap((group) => group.weights).map((weight) => [weight.name, weight]),
  );
  const results = new Map<string, OpOutput>();
  const kernels = new Set<string>();
  const placeholders: GraphNode[] = [];
  for (const node of nodes) {
    if (results.has(node.name)) throw unsupportedNode(node, "the name is used twice");
    if (node.op === "Placeholder") placeholders.push(node);
    const result = runNode(node, weights, results, constantValues);
    if (elementsOf(result.shape) > largestTensorElements) {
      throw unsupportedNode(node, `its output [${result.shape.join(", ")}] is larger than any tensor may be`);
    }
    results.set(node.name, result);
    for (const kernel of graphOps[node.op]?.kernels ?? []) kernels.add(kernel);
  }
  const unused = [...weights.keys()].find((name) => !results.has(name));
  if (unused !== undefined) {
    throw new AppError("unsupported_model", `weight ${unused} of model.json belongs to no Const node`);
  }
  const [input, second] = placeholders;
  if (input === undefined || second !== undefined) {
    throw new AppError("unsupported_model", `model.json has ${placeholders.length} Placeholder nodes, not 1`);
  }
  return {
    inputNode: input.name,
    inputShape: results.get(input.name)?.shape ?? [],
    shapes: new Map([...results].map(([name, { shape }]) => [name, shape])),
    kernels: [...kernels].toSorted(),
    memory: estimateMemory(nodes, results, outputs),
  };
}

/** The node that an input names. */
function sourceOf(input: string): string {
  return input.replace(/:0$/, "");
}

function runNode(
  node: GraphNode,
  weights: ReadonlyMap<string, WeightSpec>,
  results: ReadonlyMap<string, OpOutput>,
  constantValues: ReadonlyMap<string, readonly number[]>,
): OpOutput {
  if (node.op === "Placeholder") return { shape: placeholderShape(node) };
  if (node.op === "Const") {
    const weight = weights.get(node.name);
    if (weight === undefined) throw unsupportedNode(node, "the weights manifest has no weight of its name");
    return { shape: weight.shape };
  }
  // an own property, so that an op called `constructor` is as unknown as any other
  const op = Object.hasOwn(graphOps, node.op) ? graphOps[node.op] : undefined;
  if (op === undefined) {
    throw unsupportedNode(node, `the operation is not one of ${Object.keys(graphOps).join(", ")}`);
  }
  const sources = node.input.map(sourceOf);
  const shapes = sources.map((source): Shape => {
    const shape = results.get(source)?.shape;
    if (shape === undefined) throw unsupportedNode(node, `input ${source} is no node before it`);
    return shape;
  });
  const misused = sources.findIndex(
    (source, index) => constantValues.has(source) && index !== op.integerInput,
  );
  if (misused !== -1)
    throw unsupportedNode(node, `input ${misused} is an int32 constant, it must be float32`);
  const input: OpInput = { node, shapes, constants: sources.map((source) => constantValues.get(source)) };
  return op.infer(input);
}

function placeholderShape(node: GraphNode): Shape {
  const sizes = node.attr["shape"]?.shape?.dim.map((dimension) => dimension.size) ?? [];
  const [batch, height = 0, width = 0, channels] = sizes;
  if (sizes.length !== 4 || batch !== -1 || height < 1 || width < 1 || channels !== 3) {
    throw unsupportedNode(node, `its shape is [${sizes.join(", ")}], it must be [-1, height, width, 3]`);
  }
  return [1, height, width, 3];
}

/** Walks the graph as tfjs runs it: a tensor lives from its node to the last node that reads it. */
function estimateMemory(
  nodes: readonly GraphNode[],
  results: ReadonlyMap<string, OpOutput>,
  outputs: readonly string[],
): GraphMemory {
  const bytesOf = (name: string): number => 4 * elementsOf(results.get(name)?.shape ?? []);
  const isConstant = new Set(nodes.filter((node) => node.op === "Const").map((node) => node.name));
  const lastUse = new Map<string, number>();
  for (const [index, node] of nodes.entries()) {
    for (const input of node.input) lastUse.set(sourceOf(input), index);
  }
  for (const output of outputs) lastUse.set(output, nodes.length);

  let resident = 0;
  let live = 0;
  let peak = 0;
  for (const [index, node] of nodes.entries()) {
    const result = results.get(node.name);
    if (isConstant.has(node.name)) {
      resident += 2 * bytesOf(node.name);
      continue;
    }
    resident += result?.cachedBytes ?? 0;
    live += bytesOf(node.name);
    peak = Math.max(peak, live + 4 * (result?.scratchElements ?? 0));
    for (const source of new Set(node.input.map(sourceOf))) {
      if (!isConstant.has(source) && lastUse.get(source) === index) live -= bytesOf(source);
    }
  }
  return { residentBytes: resident, activationBytes: peak };
}
