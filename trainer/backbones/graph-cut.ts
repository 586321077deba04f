import { AppError } from "../../shared/contract/errors.ts";
import type { CheckedGraph } from "../../shared/inference/graph-check.ts";
import { addMean, createGraphBuilder } from "../import/graph-builder.ts";
import type { GraphNode } from "../release/graph-nodes.ts";
import type { FeatureGraph } from "./feature-graph.ts";

/** The shape of what one node gives for one image. */
export interface MapShape {
  readonly height: number;
  readonly width: number;
  readonly channels: number;
}

/** A node through which everything behind it gets its numbers. */
export interface Cut extends MapShape {
  readonly node: string;
}

/**
 * The place to part a net: behind it lie the layers that work at the smallest and the second smallest size, which know
 * most of the classes and least of the light. Of several nodes of that size, the last that is not much wider than others,
 * as what it gives is kept for every example.
 * @param shapes of the nodes, from the loader's check
 * @throws unsupported_model when the net never halves its image
 */
export function findCut({ nodes, featureMap }: FeatureGraph, shapes: CheckedGraph["shapes"]): Cut {
  const cuts = crossings(nodes)
    .flatMap((node): Cut[] => {
      const [, height = 0, width = 0, channels] = shapes.get(node) ?? [];
      // Pooled features have no channels beside their number.
      return channels === undefined ? [] : [{ node, height, width, channels }];
    })
    .filter(({ height }) => height > featureMap.height && height <= 2 * featureMap.height);
  const fewest = Math.min(...cuts.map(({ channels }) => channels));
  const cut = cuts.findLast(({ channels }) => channels <= 2 * fewest);
  if (cut !== undefined) return cut;
  throw new AppError(
    "unsupported_model",
    "the net has no layer at twice the size of its last; train a head on it",
  );
}

/** The net up to a cut: its feature map is what the cut gives. */
export function frontOf(features: FeatureGraph, cut: Cut): FeatureGraph {
  const end = features.nodes.findIndex(({ name }) => name === cut.node);
  const builder = createGraphBuilder();
  const pooled = addMean(builder, "cut-mean", cut.node, false);
  const nodes = [...features.nodes.slice(0, end + 1), ...builder.nodes];
  const names = new Set(nodes.map(({ name }) => name));
  return {
    ...features,
    nodes,
    weights: [...features.weights.filter(({ name }) => names.has(name)), ...builder.weights],
    embedding: { node: pooled, size: cut.channels },
    featureMap: cut,
  };
}

/** The nodes behind a cut, and the constants they read. */
export function tailOf({ nodes }: FeatureGraph, cut: Cut): readonly GraphNode[] {
  const end = nodes.findIndex(({ name }) => name === cut.node);
  return nodes.slice(end + 1).filter(({ op }) => op !== "Const");
}

/** Nodes, in their order, with nothing else computed before them read behind them. */
function crossings(nodes: readonly GraphNode[]): string[] {
  const isConstant = new Set(nodes.filter(({ op }) => op === "Const").map(({ name }) => name));
  const lastUse = new Map<string, number>();
  for (const [index, { input = [] }] of nodes.entries()) {
    for (const name of input) lastUse.set(name, index);
  }
  const found: string[] = [];
  const live = new Set<string>();
  for (const [index, { name, input = [] }] of nodes.entries()) {
    if (isConstant.has(name)) continue;
    live.add(name);
    for (const source of input) if (lastUse.get(source) === index) live.delete(source);
    if (live.size === 1 && live.has(name)) found.push(name);
  }
  return found;
}
