import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { texts, integer, integers, text, typeAttr } from "../../../../trainer/release/graph-nodes.ts";
import { createGraphWriter, float, type GraphWriter, positive, window } from "./frozen-graphs.ts";
import { randomizeWeights, type SavedModel, saveLayers } from "./tfjs-models.ts";

/** A graph as Azure Custom Vision exports it: pixels of 0 to 255 lose the mean of each channel, then convolutions. */
export function azureGraph(size: number, seed: number): SavedModel {
  const { node, placeholder, floats, whole, save } = createGraphWriter(seed);
  placeholder("Placeholder", size);
  node("data/sub", "Sub", ["Placeholder", floats("data/mean", [3], (random) => 90 + 60 * random())], float);
  normalise({ node, floats }, "data_bn", "data/sub", (random) => 2000 + 4000 * random());
  node("conv1/pad", "Pad", ["data_bn", whole("paddings", [0, 0, 1, 1, 1, 1, 0, 0], [4, 2])], {
    ...float,
    Tpaddings: typeAttr("int32"),
  });
  node("conv1", "Conv2D", ["conv1/pad", floats("conv1/weights", [3, 3, 3, 8])], window(2, "VALID"));
  node("conv1/bias", "BiasAdd", ["conv1", floats("conv1/biases", [8])], {
    ...float,
    data_format: text("NHWC"),
  });
  node("conv1/relu", "Relu", ["conv1/bias"], float);
  node("pool1", "MaxPool", ["conv1/relu"], { ...window(2, "SAME"), ksize: integers([1, 2, 2, 1]) });
  classify({ node, floats, whole }, "pool1");
  node("model_outputs", "Identity", ["loss"], float);
  return save();
}

/** A graph as AutoML Vision Edge exports it: an image of -1 to 1 goes straight into a fused convolution. */
export function vertexGraph(size: number, seed: number): SavedModel {
  const { node, placeholder, floats, whole, save } = createGraphWriter(seed);
  placeholder("image", size);
  node("stem", "_FusedConv2D", ["image", floats("stem/w", [3, 3, 3, 8]), floats("stem/b", [8])], {
    ...window(2, "SAME"),
    num_args: integer(1),
    fused_ops: texts(["BiasAdd", "Relu6"]),
  });
  classify({ node, floats, whole }, "stem");
  node("scores", "Identity", ["loss"], float);
  return save();
}

/** Pixels that are added to what a kernel has made of them. */
export function mixedGraph(size: number, seed: number): SavedModel {
  const { node, placeholder, floats, whole, save } = createGraphWriter(seed);
  placeholder("image", size);
  node("first", "Conv2D", ["image", floats("first/w", [1, 1, 3, 3])], window(1, "SAME"));
  node("sum", "AddV2", ["image", "first"], float);
  node("again", "Conv2D", ["sum", floats("again/w", [1, 1, 3, 8])], window(1, "SAME"));
  classify({ node, floats, whole }, "again");
  return save();
}

/** A net whose answers are the channels themselves. */
export function bareDepthwise(size: number, seed: number): SavedModel {
  const { node, placeholder, floats, whole, save } = createGraphWriter(seed);
  placeholder("image", size);
  node("each", "DepthwiseConv2dNative", ["image", floats("each/w", [3, 3, 3, 1])], window(1, "SAME"));
  node("mean", "Mean", ["each", whole("axes", [1, 2], [2])], {
    ...float,
    Tidx: typeAttr("int32"),
    keep_dims: { b: false },
  });
  return save();
}

/** A LayersModel of seeded weights that works on each channel by itself before it mixes them in a dense layer. */
export async function bgrLayers(size: number): Promise<SavedModel> {
  const l = layers.layers;
  const model = layers.sequential({
    layers: [
      l.batchNormalization({ inputShape: [size, size, 3] }),
      l.depthwiseConv2d({
        kernelSize: 3,
        strides: 4,
        depthMultiplier: 2,
        activation: "relu",
        padding: "same",
      }),
      l.batchNormalization({}),
      l.maxPooling2d({ poolSize: 2 }),
      l.flatten(),
      l.dense({ units: 3, activation: "softmax" }),
    ],
  });
  randomizeWeights(model, 3);
  // Pixels of 0 to 255 are brought down to a few units.
  const [normalisation] = model.layers;
  const [gamma, beta, mean, variance] = normalisation?.getWeights() ?? [];
  if (gamma !== undefined && beta !== undefined && mean !== undefined && variance !== undefined) {
    normalisation?.setWeights([gamma, beta, mean, tf.mul(variance, 5000)]);
  }
  return saveLayers(model);
}

function normalise(
  { node, floats }: Pick<GraphWriter, "node" | "floats">,
  name: string,
  from: string,
  variance: (random: () => number) => number,
): void {
  const part = (suffix: string, draw?: (random: () => number) => number): string =>
    floats(`${name}/${suffix}`, [3], draw);
  const statistics = [part("gamma", positive), part("beta"), part("mean"), part("variance", variance)];
  node(name, "FusedBatchNormV3", [from, ...statistics], {
    ...float,
    epsilon: { f: 0.001 },
    is_training: { b: false },
    data_format: text("NHWC"),
  });
}

/** The mean of 8 channels, three classes, softmax. */
function classify(
  { node, floats, whole }: Pick<GraphWriter, "node" | "floats" | "whole">,
  from: string,
): void {
  node("mean", "Mean", [from, whole("axes", [1, 2], [2])], {
    ...float,
    Tidx: typeAttr("int32"),
    keep_dims: { b: false },
  });
  node("product", "MatMul", ["mean", floats("dense/w", [8, 3])], {
    ...float,
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  node("sums", "BiasAdd", ["product", floats("dense/b", [3])], { ...float, data_format: text("NHWC") });
  node("loss", "Softmax", ["sums"], float);
}
