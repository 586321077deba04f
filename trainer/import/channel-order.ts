import type { Graph, GraphWeight } from "../release/graph-model.ts";
import type { GraphNode } from "../release/graph-nodes.ts";
import type { QuantizedTensor } from "../release/quantize.ts";
import { cannotImport } from "./tfjs/net.ts";

/** Orders in which a net may take the channels of a pixel. */
export const channelOrders = ["rgb", "bgr"] as const;

/** The order in which a net takes the channels of a pixel. */
export type ChannelOrder = (typeof channelOrders)[number];

/**
 * The net that gives for RGB pixels what `graph` gives for the same pixels as BGR: whatever has a number for
 * each channel of the pixels, from constants before the first kernels to these kernels themselves, is turned round.
 * @throws unsupported_model naming the node where the channels can no longer be told apart
 */
export function takeRgb(graph: Graph): Graph {
  const weights = new Map(graph.weights.map((weight) => [weight.name, weight]));
  const turning: Turning = { original: new Map(weights), weights, pixels: new Map() };
  for (const node of graph.nodes) {
    const [first = "", second = ""] = node.input ?? [];
    const each = turning.pixels.get(first) ?? turning.pixels.get(second);
    const given = node.op === "Placeholder" ? 1 : each === undefined ? null : turnNode(turning, node, each);
    if (given !== null) turning.pixels.set(node.name, given);
  }
  const answers = graph.nodes.find(({ name }) => name === graph.outputs.logits);
  if (answers !== undefined && turning.pixels.has(answers.name)) {
    throw cannotTurn(answers, "no kernel reads the image");
  }
  return { ...graph, weights: [...weights.values()] };
}

const keepsChannels: ReadonlySet<string> = new Set(["Relu", "Relu6", "MaxPool", "AvgPool", "Mean"]);

/** A net on its way. */
interface Turning {
  readonly original: ReadonlyMap<string, GraphWeight>;
  /** Those that were turned in place of the original ones. */
  readonly weights: Map<string, GraphWeight>;
  /** Values that still have the pixels' channels, and how many numbers of each channel lie side by side. */
  readonly pixels: Map<string, number>;
}

/** Turns what a node reads. @returns the numbers of each channel in what it gives, `null` once a kernel has mixed them */
function turnNode(turning: Turning, node: GraphNode, each: number): number | null {
  const [, second = "", third = ""] = node.input ?? [];
  switch (node.op) {
    case "_FusedConv2D":
    case "_FusedMatMul":
      turnWeight(turning, second, "inputs", each);
      return null;
    case "FusedDepthwiseConv2dNative": {
      const outputs = each * (turning.original.get(second)?.shape[3] ?? 1);
      turnWeight(turning, second, "last", outputs);
      turnWeight(turning, third, "last", outputs);
      return outputs;
    }
    case "Mul":
    case "AddV2":
      requireSameOrder(turning, node);
      turnWeight(turning, second, "last", each);
      return each;
    case "Reshape":
      requireRow(node, turning.original.get(second));
      return each;
    default:
      if (keepsChannels.has(node.op)) return each;
      throw cannotTurn(node, "allowed before the first kernels are scales, sums, activations and pooling");
  }
}

/** Two computed values are joined channel by channel, so both must have the pixels' order, or a constant the other. */
function requireSameOrder({ original, pixels }: Turning, node: GraphNode): void {
  const [first = "", second = ""] = node.input ?? [];
  if (original.has(second) || pixels.get(first) === pixels.get(second)) return;
  throw cannotTurn(node, "it joins the pixels' channels with others");
}

/** Rows keep the channels as their fastest index. */
function requireRow(node: GraphNode, shape: GraphWeight | undefined): void {
  if (shape?.values.length !== 2) throw cannotTurn(node, "it gives the pixels another shape");
}

/**
 * Turns the channels of one axis of a weight round, codes and what scales them too: `[0, 1, 2]` becomes `[2, 1, 0]`, each with its
 * `each` numbers.
 * @param axis `inputs` is the last but one of a kernel, `last` that of biases and, taken as one with the multiplier
 *   behind it, that of depthwise kernels
 */
function turnWeight(turning: Turning, name: string, axis: "inputs" | "last", each: number): void {
  const weight = turning.original.get(name);
  // One number stands for all channels.
  if (weight === undefined || weight.values.length === 1 || !(weight.values instanceof Float32Array)) return;
  const { values, stored } = weight;
  const step = axis === "inputs" ? (weight.shape.at(-1) ?? 1) : 1;
  const from = (i: number): number => {
    const inside = Math.floor(i / step);
    const channel = Math.floor(inside / each) % 3;
    return i + (2 - 2 * channel) * each * step;
  };
  turning.weights.set(name, {
    ...weight,
    values: values.map((_, i) => values[from(i)] ?? 0),
    ...(stored === undefined ? {} : { stored: turnStored(stored, values.length, from, axis) }),
  });
}

function turnStored(
  stored: QuantizedTensor,
  elements: number,
  from: (i: number) => number,
  axis: "inputs" | "last",
): QuantizedTensor {
  const { bytes, scales } = stored;
  const width = bytes.length / elements;
  const turned = bytes.map((_, i) => bytes[from(Math.floor(i / width)) * width + (i % width)] ?? 0);
  return {
    ...stored,
    bytes: turned,
    ...(scales === undefined || axis === "inputs"
      ? {}
      : { scales: scales.map((_, i) => scales[from(i)] ?? 0) }),
  };
}

function cannotTurn({ name, op }: GraphNode, fault: string): Error {
  return cannotImport(
    `node ${name} (${op}) of a net of BGR pixels`,
    `${fault}; export the model for RGB pixels`,
  );
}
