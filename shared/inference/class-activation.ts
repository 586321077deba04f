import type { ModelManifest } from "../contract/manifest.ts";
import type { Bundle } from "./bundle.ts";
import { fusedOps } from "./graph-attributes.ts";
import type { GraphNode, ModelJson } from "./graph-model.ts";
import { type StoredWeight, storedWeights, valueReader } from "./stored-weight.ts";

/** Where in an image the evidence for a class lies: the class-activation map of Zhou et al. 2016. */
export interface ClassActivation {
  /** Cells. */
  readonly width: number;
  /** Cells. */
  readonly height: number;
  /**
   * What each cell adds to the class's logit, were it the whole image; the mean over all cells and the class's bias make the logit.
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
  const name = headWeights(model, manifest.outputs);
  if (featureMap === undefined || name === null) return null;
  const stored = storedWeights(weights).get(name);
  if (stored === undefined) return null;
  const { width, height, channels } = featureMap;
  return createClassActivation({ width, height, channels }, { ...stored, bytes: stored.bytes.slice() });
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

/** Name of the weights between mean features and logits, `null` where something else lies between. */
function headWeights({ modelTopology }: ModelJson, outputs: ModelManifest["outputs"]): string | null {
  const nodes = new Map(modelTopology.node.map((node) => [node.name, node]));
  const before = (node: GraphNode | undefined): GraphNode | undefined =>
    nodes.get((node?.input[0] ?? "").replace(/:0$/, ""));
  const through = (from: GraphNode | undefined): GraphNode | undefined => {
    let node = from;
    while (node?.op === "Identity" || node?.op === "Reshape") node = before(node);
    return node;
  };
  const classifier = through(nodes.get(outputs.logits));
  if (classifier === undefined || !isAffine(classifier)) return null;
  const pooling = through(before(classifier));
  if (pooling?.op !== "Mean") return null;
  const features = outputs.featureMap?.node;
  for (let node = before(pooling); node !== undefined; node = before(node)) {
    if (node.name === features) return classifier.input[1]?.replace(/:0$/, "") ?? null;
    if (node.op !== "Identity") return null;
  }
  return null;
}

/** A product with one bias, over a single position: a 1x1 convolution of pooled features is one too. */
function isAffine(node: GraphNode): boolean {
  return (node.op === "_FusedMatMul" || node.op === "_FusedConv2D") && fusedOps(node).join() === "BiasAdd";
}
