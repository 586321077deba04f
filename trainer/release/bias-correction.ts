import * as tf from "@tensorflow/tfjs-core";
import type { Quantization } from "../../shared/contract/manifest.ts";
import {
  type FoldedConvolution,
  type FoldedLayer,
  type FoldedModel,
  isWeighted,
  type Padding,
  type WeightedLayer,
} from "./folded-model.ts";
import { dequantizeTensor, quantizeTensor } from "./quantize.ts";

/** The same images on their way through the float and the quantised model. */
interface Streams {
  readonly float: tf.Tensor;
  readonly quantized: tf.Tensor;
}

/**
 * Moves the biases so that, layer by layer, the quantised model's sums have the mean of the float model's
 * (empirical bias correction: Nagel et al. 2019, arXiv 1906.04721, section 4.2).
 * @param images `[N, height, width, channels]` normalised, of the train or validation split; some 64 will do
 * @param storageOf how the weights of a layer will be stored
 * @returns the model with its float weights and the corrected biases
 */
export async function correctBiases(
  model: FoldedModel,
  images: Float32Array,
  storageOf: (layer: WeightedLayer) => Quantization,
): Promise<FoldedModel> {
  const [height, width, channels] = model.inputShape;
  const input = tf.tensor4d(images, [images.length / (height * width * channels), height, width, channels]);
  let streams: Streams = { float: input, quantized: input.clone() };
  const layers: FoldedLayer[] = [];
  for (const layer of model.layers) {
    const previous = streams;
    if (isWeighted(layer)) {
      const step = await correctLayer(layer, previous, storageOf(layer));
      layers.push({ ...layer, bias: step.bias });
      streams = step.streams;
    } else {
      layers.push(layer);
      streams = { float: pool(layer, previous.float), quantized: pool(layer, previous.quantized) };
    }
    tf.dispose([previous.float, previous.quantized]);
  }
  tf.dispose([streams.float, streams.quantized]);
  return { ...model, layers };
}

async function correctLayer(
  layer: WeightedLayer,
  streams: Streams,
  storage: Quantization,
): Promise<{ readonly bias: Float32Array; readonly streams: Streams }> {
  const stored = dequantizeTensor(quantizeTensor(layer.name, layer.weights, storage));
  const sums = tf.tidy(() => {
    const float = linear(layer, layer.weights, streams.float);
    const quantized = linear(layer, stored, streams.quantized);
    const axes = float.shape.map((_, axis) => axis).slice(0, -1);
    const shift = tf.sub(tf.mean(float, axes), tf.mean(quantized, axes));
    const activate = (x: tf.Tensor): tf.Tensor => (layer.activation === "relu" ? tf.relu(x) : x);
    return { shift, float: activate(float), quantized: activate(tf.add(quantized, shift)) };
  });
  const shift = await sums.shift.data();
  sums.shift.dispose();
  return {
    bias: layer.bias.map((value, c) => value + (shift[c] as number)),
    streams: { float: sums.float, quantized: sums.quantized },
  };
}

/** The layer's sums with its bias, before the activation. */
function linear(layer: WeightedLayer, weights: Float32Array, x: tf.Tensor): tf.Tensor {
  if (layer.kind === "dense") {
    return tf.add(tf.matMul(x, tf.tensor2d(weights, [...layer.shape])), tf.tensor1d(layer.bias));
  }
  const convolution: FoldedConvolution = layer;
  const filter = tf.tensor4d(weights, [...convolution.shape]);
  const strides: [number, number] = [...convolution.strides];
  const padding = paddingOption(convolution.padding);
  const image: tf.Tensor4D = tf.reshape(x, asRank4(x.shape));
  const sums =
    convolution.kind === "convolution"
      ? tf.conv2d(image, filter, strides, padding)
      : tf.depthwiseConv2d(image, filter, strides, padding);
  return tf.add(sums, tf.tensor1d(convolution.bias));
}

function pool(layer: Exclude<FoldedLayer, WeightedLayer>, x: tf.Tensor): tf.Tensor {
  return tf.tidy(() => {
    if (layer.kind === "global-average-pool") return tf.mean(x, [1, 2]);
    const image: tf.Tensor4D = tf.reshape(x, asRank4(x.shape));
    return tf.maxPool(image, [...layer.size], [...layer.strides], layer.padding);
  });
}

function asRank4([batch = 0, height = 0, width = 0, channels = 0]: readonly number[]): [
  number,
  number,
  number,
  number,
] {
  return [batch, height, width, channels];
}

function paddingOption(padding: Padding): Parameters<typeof tf.conv2d>[3] {
  if (typeof padding === "string") return padding;
  return [
    [0, 0],
    [padding.top, padding.bottom],
    [padding.left, padding.right],
    [0, 0],
  ];
}
