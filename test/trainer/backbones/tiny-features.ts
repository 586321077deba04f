import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import { openEmbedder } from "../../../trainer/backbones/embedder.ts";
import type { FeatureGraph } from "../../../trainer/backbones/feature-graph.ts";
import type { OpenBackbone } from "../../../trainer/backbones/open-backbone.ts";
import {
  addMean,
  createGraphBuilder,
  fusedAttributes,
  type GraphBuilder,
  windowAttributes,
} from "../../../trainer/import/graph-builder.ts";
import { integers, tensorShape, typeAttr } from "../../../trainer/release/graph-nodes.ts";
import { quantizeTensor } from "../../../trainer/release/quantize.ts";
import { stream } from "../../../trainer/training/random.ts";

interface Layer {
  readonly shape: readonly [number, number, number, number];
  readonly stride: number;
  readonly depthwise?: boolean;
  readonly linear?: boolean;
}

/** A small net of seeded weights in the operations of MobileNets, for images of 16x16 pixels. */
export function tinyFeatures(): FeatureGraph {
  const builder = createGraphBuilder();
  const dtype = typeAttr("float32");
  builder.add("input", "Placeholder", [], { dtype, shape: { shape: tensorShape([-1, 16, 16, 3]) } });
  addLayer(builder, "stem", "input", { shape: [3, 3, 3, 8], stride: 2 });
  addLayer(builder, "halve", "stem", { shape: [3, 3, 8, 1], stride: 2, depthwise: true });
  addLayer(builder, "widen", "halve", { shape: [1, 1, 8, 12], stride: 1 });
  addLayer(builder, "project", "widen", { shape: [1, 1, 12, 12], stride: 1, linear: true });
  builder.add("sum", "AddV2", ["widen", "project"], { T: dtype });
  const embedding = { node: addMean(builder, "embedding", "sum", false), size: 12 };
  return {
    backbone: { name: "tiny", sha256: "2".repeat(64), licence: "Apache-2.0" },
    input: {
      width: 16,
      height: 16,
      fit: "cover-crop",
      cropFraction: 1,
      filter: "bilinear",
      background: [0, 0, 0],
      denoise: "none",
      mean: [0.5, 0.5, 0.5],
      std: [0.5, 0.5, 0.5],
      codecSha256,
    },
    nodes: builder.nodes,
    weights: builder.weights,
    embedding,
    featureMap: { node: "sum", height: 4, width: 4, channels: 12 },
  };
}

/** That net, loaded. */
export async function openTinyFeatures(): Promise<OpenBackbone> {
  const features = tinyFeatures();
  return { features, embedder: await openEmbedder(features) };
}

function addLayer(builder: GraphBuilder, name: string, input: string, layer: Layer): void {
  const { shape, stride, depthwise = false, linear = false } = layer;
  const [height, width, inputs, last] = shape;
  const outputs = depthwise ? inputs : last;
  const random = stream(5, name);
  const scale = Math.sqrt(6 / (height * width * (depthwise ? 1 : inputs)));
  const draw = (count: number): Float32Array =>
    Float32Array.from({ length: count }, () => (2 * random.uniform() - 1) * scale);
  const kernel = draw(height * width * inputs * last);
  const stored = quantizeTensor(name, kernel, "uint8");
  const common = { type: "float32", layer: name } as const;
  const weights = [
    builder.addConstant({
      ...common,
      name: `${name}/weights`,
      role: "kernel",
      shape,
      values: kernel,
      stored,
    }),
    builder.addConstant({
      ...common,
      name: `${name}/bias`,
      role: "bias",
      shape: [outputs],
      values: draw(outputs).map(Math.abs),
    }),
  ];
  builder.add(name, depthwise ? "FusedDepthwiseConv2dNative" : "_FusedConv2D", [input, ...weights], {
    ...fusedAttributes(linear ? "linear" : "relu6"),
    ...windowAttributes([stride, stride], "same"),
    dilations: integers([1, 1, 1, 1]),
  });
}
