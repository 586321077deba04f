import { cannotImport, type NetNode, type NetStep, type StoredTensor } from "./net.ts";

type Step<K extends NetStep["kind"]> = Extract<NetStep, { readonly kind: K }>;

/** A convolution or dense layer with what follows it taken in. */
export interface FusedLayer {
  readonly kind: "fused";
  readonly step: Step<"convolution" | "depthwise"> | Step<"dense">;
  /** By output channel, on the weights; `null` where nothing scales them. */
  readonly factors: Float64Array | null;
  /** [outputs] */
  readonly bias: Float64Array;
  readonly activation: "linear" | "relu" | "relu6";
}

/** A node as it is to be emitted. */
export type FusedNode = (
  | FusedLayer
  | Exclude<NetStep, { readonly kind: "identity" | "convolution" | "depthwise" | "dense" }>
) & {
  readonly name: string;
  readonly inputs: readonly string[];
};

/** A net in which weighted layers carry bias and activation. */
export interface FusedNet {
  readonly nodes: readonly FusedNode[];
  readonly output: string;
}

/**
 * Folds scales, biases and activations into the layer whose only reader they are, and leaves out what does nothing.
 * @throws unsupported_model when channels do not fit
 */
export function fuseNet(nodes: readonly NetNode[], output: string): FusedNet {
  const readers = new Map<string, number>([[output, 1]]);
  for (const node of nodes) {
    for (const input of node.inputs) readers.set(input, (readers.get(input) ?? 0) + 1);
  }
  const fused = new Map<string, FusedNode>();
  const standsFor = new Map<string, string>();
  for (const node of nodes) {
    const inputs = node.inputs.map((name) => standsFor.get(name) ?? name);
    const [input = ""] = inputs;
    const before = fused.get(input);
    const alone = readers.get(node.inputs[0] ?? "") === 1;
    const taken = before?.kind === "fused" && alone ? takeIn(before, node) : null;
    if (taken !== null) {
      fused.set(input, taken);
      standsFor.set(node.name, input);
    } else if (node.kind === "identity") {
      standsFor.set(node.name, input);
      readers.set(node.name, Math.max(readers.get(node.name) ?? 0, readers.get(input) ?? 0));
    } else {
      fused.set(node.name, startOf(node, inputs));
    }
  }
  return { nodes: [...fused.values()], output: standsFor.get(output) ?? output };
}

function startOf(
  node: Exclude<NetNode, { readonly kind: "identity" }>,
  inputs: readonly string[],
): FusedNode {
  if (node.kind === "convolution" || node.kind === "depthwise" || node.kind === "dense") {
    const bias = new Float64Array(outputsOf(node));
    return { kind: "fused", step: node, factors: null, bias, activation: "linear", name: node.name, inputs };
  }
  return { ...node, inputs };
}

/** The layer with a step behind it folded in, `null` when it cannot be. */
function takeIn(layer: FusedLayer & FusedNode, step: NetStep): FusedNode | null {
  if (layer.activation !== "linear") return null;
  if (step.kind === "activation") return { ...layer, activation: step.activation };
  if (step.kind !== "scale") return null;
  const { factors, addends } = step;
  for (const { length } of [factors, addends]) {
    if (length !== 1 && length !== layer.bias.length) {
      throw cannotImport(
        `the scale after ${layer.step.weights.name}`,
        `it has ${length} channels, the layer ${layer.bias.length}`,
      );
    }
  }
  const factor = (c: number): number => at(factors, c);
  const scales = factors.some((value) => value !== 1);
  return {
    ...layer,
    bias: layer.bias.map((value, c) => value * factor(c) + at(addends, c)),
    factors: scales ? layer.bias.map((_, c) => (layer.factors?.[c] ?? 1) * factor(c)) : layer.factors,
  };
}

/** Outputs of a weighted layer; its weights have them as the fastest index. */
export function outputsOf({ kind, weights }: FusedLayer["step"]): number {
  const { shape }: StoredTensor = weights;
  const rank = kind === "dense" ? 2 : 4;
  if (shape.length !== rank || shape.some((size) => size < 1)) {
    throw cannotImport(
      `weight ${weights.name}`,
      `its shape is [${shape.join(", ")}]; allowed are ${rank} sizes`,
    );
  }
  return (shape.at(-1) ?? 0) * (kind === "depthwise" ? (shape.at(-2) ?? 0) : 1);
}

/** One value for each channel, or one for all. */
function at(values: Float64Array, channel: number): number {
  return values[values.length === 1 ? 0 : channel] ?? 0;
}
