import { parseWith } from "../../../shared/contract/parse.ts";
import { describeNode, type FrozenNode, graphTopologySchema } from "./frozen-node.ts";
import { type GraphSource, graphSteps } from "./graph-steps.ts";
import { cannotImport, type Net, type NetNode } from "./net.ts";
import type { StoredWeights } from "./stored-weights.ts";

/**
 * Reads a frozen tfjs GraphModel, as tensorflowjs_converter, Custom Vision and Vertex AI export them.
 * @param given size of the image, for graphs that leave it open
 * @throws unsupported_model naming the node, invalid_argument for what is damaged
 */
export function readGraphModel(
  topology: unknown,
  weights: StoredWeights,
  given: { readonly width: number; readonly height: number } | null,
): Net {
  const { node: graph } = parseWith(graphTopologySchema, topology, "the model's topology");
  const sources = new Map<string, GraphSource>();
  const nodes: NetNode[] = [];
  let input: Net["input"] | null = null;
  for (const node of inOrder(graph)) {
    const inputs = node.input
      .filter((name) => !name.startsWith("^"))
      .map((name) => sourceNamed(sources, node, name));
    if (node.op === "Placeholder") {
      if (input !== null) throw cannotImport(describeNode(node), "the model has a second input");
      input = { name: "input", ...imageSize(node, given) };
      sources.set(node.name, { kind: "value", name: input.name });
    } else if (node.op === "Const") {
      sources.set(node.name, constantOf(node, weights));
    } else {
      let values = inputs.flatMap((source) => (source.kind === "value" ? [source.name] : []));
      for (const [index, step] of graphSteps(node, inputs).entries()) {
        const name = `${node.name.replaceAll(/[^A-Za-z0-9_./-]/g, "_").slice(-80)}_${nodes.length}_${index}`;
        nodes.push({ ...step, name, inputs: values });
        values = [name];
      }
      const [value] = values;
      if (value !== undefined) sources.set(node.name, { kind: "value", name: value });
      else if (inputs[0] !== undefined) sources.set(node.name, inputs[0]);
    }
  }
  if (input === null) throw cannotImport("the model", "it has no Placeholder for the image");
  const output = nodes.at(-1)?.name;
  if (output === undefined) throw cannotImport("the model", "it has no operations");
  return { input, nodes, output };
}

/** The nodes that the output needs, each behind its inputs. The output is the one node that no other reads. */
function inOrder(graph: readonly FrozenNode[]): FrozenNode[] {
  const byName = new Map(graph.map((node) => [node.name, node]));
  const read = new Set(graph.flatMap((node) => node.input.map(plainName)));
  const ends = graph.filter((node) => !read.has(node.name) && node.op !== "Const" && node.op !== "NoOp");
  const [end] = ends;
  if (end === undefined || ends.length > 1) {
    const names = ends.map((node) => node.name).slice(0, 5);
    throw cannotImport("the model", `it has ${ends.length} outputs (${names.join(", ")}); allowed is one`);
  }
  const ordered: FrozenNode[] = [];
  const state = new Map<string, "open" | "done">();
  const stack: FrozenNode[] = [end];
  for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
    const waiting = node.input
      .filter((name) => !name.startsWith("^"))
      .map((name) => byName.get(plainName(name)))
      .filter((source) => source !== undefined && state.get(source.name) !== "done");
    const [next] = waiting;
    if (next === undefined) {
      stack.pop();
      if (state.get(node.name) !== "done") ordered.push(node);
      state.set(node.name, "done");
    } else if (state.get(next.name) === "open") {
      throw cannotImport(describeNode(next), "it is its own input");
    } else {
      state.set(node.name, "open");
      stack.push(next);
    }
  }
  return ordered;
}

function constantOf(node: FrozenNode, weights: StoredWeights): GraphSource {
  const tensor = weights.floats.get(node.name);
  if (tensor !== undefined) return { kind: "floats", tensor };
  const values = weights.integers.get(node.name);
  if (values !== undefined) return { kind: "integers", values };
  throw cannotImport(describeNode(node), "the weights have no values of its name");
}

function imageSize(
  node: FrozenNode,
  given: { readonly width: number; readonly height: number } | null,
): { readonly width: number; readonly height: number } {
  const [, height = -1, width = -1, channels = -1] = (node.attr["shape"]?.shape?.dim ?? []).map(
    ({ size }) => size ?? -1,
  );
  if (channels !== 3)
    throw cannotImport(describeNode(node), "it takes no image of [batch, height, width, 3]");
  if (height > 0 && width > 0) return { width, height };
  if (given !== null) return given;
  throw cannotImport(describeNode(node), "it leaves the size of the image open; add --size");
}

function sourceNamed(sources: ReadonlyMap<string, GraphSource>, node: FrozenNode, name: string): GraphSource {
  const source = sources.get(plainName(name));
  if (source !== undefined && !/:[1-9]/.test(name)) return source;
  throw cannotImport(describeNode(node), `its input ${name} is not computed before it`);
}

function plainName(name: string): string {
  return name.replace(/^\^/, "").replace(/:\d+$/, "");
}
