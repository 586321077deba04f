import type { ModelManifest } from "../contract/manifest.ts";
import type { Bundle } from "./bundle.ts";
import { fusedOps } from "./graph-attributes.ts";
import { elementsOf, type GraphNode, type ModelJson } from "./graph-model.ts";
import { type StoredWeight, storedWeights, valueReader } from "./stored-weight.ts";

/** Where in an image the evidence for a class lies: the class-activation map of Zhou et al. 2016. */
export interface ClassActivation {
  /** Cells. */
  readonly width: number;
  /** Cells. */
  readonly height: number;
  /**
   * What each cell adds to the class's logit, were it the whole image; the mean over all cells and the class's bias
   * make the logit, before what bounds it.
   * @param featureMap [height, width, channels]  @param classIndex 0..C-1  @returns [height, width], unbounded
   */
  map(featureMap: Float32Array, classIndex: number): Float32Array;
}

/**
 * The class-activation map of a model whose logits are an affine function of its mean features; no gradient is needed for those.
 * Of the bundle only the classifier's stored weights are kept.
 * @returns `null` for a model that is built in another way
 */
export function openClassActivation({ manifest, model, weights }: Bundle): ClassActivation | null {
  const { featureMap } = manifest.outputs;
  const stored = storedWeights(weights);
  const head = stored.get(headWeights(createWalk(model), manifest.outputs, stored) ?? "");
  if (featureMap === undefined || head === undefined) return null;
  const { width, height, channels } = featureMap;
  return createClassActivation({ width, height, channels }, { ...head, bytes: head.bytes.slice() });
}

/** @param stored the weights [channels, C], as they are stored */
function createClassActivation(
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
  stored: StoredWeight,
): ClassActivation {
  const valueAt = valueReader(stored);
  const classes = stored.shape.at(-1) ?? 0;
  return {
    width,
    height,
    map(featureMap, classIndex) {
      const weights = Float64Array.from({ length: channels }, (_, k) => valueAt(k * classes + classIndex));
      return Float32Array.from({ length: width * height }, (_, cell) => {
        const start = cell * channels;
        let sum = 0;
        for (let k = 0; k < channels; k++) {
          sum += (weights[k] as number) * (featureMap[start + k] as number);
        }
        return sum;
      });
    },
  };
}

/** Goes through a graph from its end to its beginning. */
interface Walk {
  readonly node: (name: string | undefined) => GraphNode | undefined;
  /** What an input of a node comes from. */
  readonly before: (node: GraphNode | undefined, input?: number) => GraphNode | undefined;
  /** The node itself, or what it only passes on. */
  readonly through: (node: GraphNode | undefined) => GraphNode | undefined;
}

function createWalk({ modelTopology }: ModelJson): Walk {
  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  const node: Walk["node"] = (name = "") => nodes.get(name);
  const before: Walk["before"] = (from, input = 0) => node(from?.input[input]?.replace(/:0$/, ""));
  const through: Walk["through"] = (from) => {
    let at = from;
    while (at?.op === "Identity" || at?.op === "Reshape") at = before(at);
    return at;
  };
  return { node, before, through };
}

/** Name of the weights between mean features and logits, `null` where something else lies between. */
function headWeights(
  walk: Walk,
  { logits, featureMap }: ModelManifest["outputs"],
  stored: ReadonlyMap<string, StoredWeight>,
): string | null {
  const classifier = unbounded(walk, walk.through(walk.node(logits)), stored);
  if (classifier === undefined || !isAffine(classifier)) return null;
  const pooling = walk.through(walk.before(classifier));
  if (pooling?.op !== "Mean") return null;
  let features = walk.before(pooling);
  while (features?.op === "Identity" && features.name !== featureMap?.node) features = walk.before(features);
  return features?.name === featureMap?.node ? (walk.before(classifier, 1)?.name ?? null) : null;
}

/**
 * What lies before the nodes that hold an imported net's logits within what its codes could say: sums with a constant,
 * products with one, rectifiers. None of it changes which class speaks, unless the factors turn the order round.
 */
function unbounded(
  { before, through }: Walk,
  from: GraphNode | undefined,
  stored: ReadonlyMap<string, StoredWeight>,
): GraphNode | undefined {
  let node = from;
  let slope = 1;
  while (node !== undefined && bounding.has(node.op)) {
    const operand = before(node, 1);
    if (node.op === "AddV2" && operand?.op !== "Const") return undefined;
    if (node.op === "Mul") slope *= factorOf(stored.get(operand?.name ?? ""));
    node = through(before(node));
  }
  return slope > 0 ? node : undefined;
}

const bounding: ReadonlySet<string> = new Set(["Relu", "Relu6", "AddV2", "Mul"]);

/** The factor that all classes are multiplied by, 0 where it is not one constant. */
function factorOf(weight: StoredWeight | undefined): number {
  return weight !== undefined && elementsOf(weight.shape) === 1 ? valueReader(weight)(0) : 0;
}

/** A product with one bias, over a single position: a 1x1 convolution of pooled features is one too. */
function isAffine(node: GraphNode): boolean {
  return (node.op === "_FusedMatMul" || node.op === "_FusedConv2D") && fusedOps(node).join() === "BiasAdd";
}
