import type { ModelManifest } from "../contract/manifest.ts";
import type { Bundle } from "./bundle.ts";
import { fusedOps } from "./graph-attributes.ts";
import { type GraphNode, type ModelJson, storedBytes, type WeightSpec } from "./graph-model.ts";

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
  let offset = 0;
  for (const spec of weights.specs) {
    const size = storedBytes(spec);
    if (spec.name === name) {
      const { width, height, channels } = featureMap;
      const stored = weights.bytes.slice(offset, offset + size);
      return createClassActivation({ width, height, channels }, spec, stored);
    }
    offset += size;
  }
  return null;
}

/** @param stored the weights [channels, C], as they are stored */
function createClassActivation(
  { width, height, channels }: { readonly width: number; readonly height: number; readonly channels: number },
  spec: WeightSpec,
  stored: Uint8Array<ArrayBuffer>,
): ClassActivation {
  const valueAt = storedValue(spec, stored);
  const classes = spec.shape.at(-1) ?? 0;
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

/** Reads one value of a tensor as tfjs would dequantise it. */
function storedValue(spec: WeightSpec, stored: Uint8Array<ArrayBuffer>): (index: number) => number {
  const view = new DataView(stored.buffer);
  const { quantization } = spec;
  if (quantization === undefined) return (index) => view.getFloat32(4 * index, true);
  if (quantization.dtype === "float16") return (index) => float16(view.getUint16(2 * index, true));
  return (index) => Math.fround(view.getUint8(index) * quantization.scale + quantization.min);
}

/** A half-precision number of IEEE 754. @param bits 16 of them */
function float16(bits: number): number {
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  const magnitude = exponent === 0 ? fraction * 2 ** -24 : (1 + fraction / 1024) * 2 ** (exponent - 15);
  return bits & 0x8000 ? -magnitude : magnitude;
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
