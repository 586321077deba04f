import * as tfl from "@tensorflow/tfjs-layers";
import { stream } from "../training/random.ts";

/** Decay of the running mean and variance: fast enough for the few hundred steps of a small data set. */
const batchNormMomentum = 0.9;
const batchNormEpsilon = 1e-3;

/** Adds the layers of a convolutional net one after the other, each with its own seeded initial weights. */
export class ChainBuilder {
  readonly #model = tfl.sequential({ name: "edgewise" });
  readonly #seed: number;
  readonly #lastBlock: string;
  /** Goes to the first layer only. */
  #inputShape: { inputShape?: [number, number, number] };

  /**
   * @param size pixels of the square input  @param seed of the initial weights
   * @param lastBlock name of the block whose ReLU gives the feature map
   */
  constructor(size: number, seed: number, lastBlock: string) {
    this.#seed = seed;
    this.#lastBlock = lastBlock;
    this.#inputShape = { inputShape: [size, size, 3] };
  }

  /** Convolution, batch normalization, ReLU. */
  convolution(name: string, shape: { filters: number; kernelSize: number; strides: number }): void {
    const kernelInitializer = tfl.initializers.heNormal({ seed: this.#layerSeed(name) });
    const options = { ...this.#blockOptions(name), ...shape, kernelInitializer };
    this.#model.add(tfl.layers.conv2d(options));
    this.#normalizeAndActivate(name);
  }

  /** Depthwise 3x3 convolution, batch normalization, ReLU. */
  depthwise(name: string, strides: number): void {
    // He's rule with the 9 inputs that a depthwise filter has; tfjs's own counts every channel and gives far less
    const stddev = Math.sqrt(2 / 9);
    const depthwiseInitializer = tfl.initializers.randomNormal({ stddev, seed: this.#layerSeed(name) });
    const options = { ...this.#blockOptions(name), kernelSize: 3, strides, depthwiseInitializer };
    this.#model.add(tfl.layers.depthwiseConv2d(options));
    this.#normalizeAndActivate(name);
  }

  /** The maximum of 2x2 pixels, stride 2. */
  maxPooling(name: string): void {
    this.#model.add(tfl.layers.maxPooling2d({ name, poolSize: 2, strides: 2 }));
  }

  /** Pooling, dropout and the linear classifier; gives the finished model. */
  finish(classes: number, dropout: number): tfl.LayersModel {
    this.#model.add(tfl.layers.globalAveragePooling2d({ name: "embedding" }));
    if (dropout > 0) this.#model.add(tfl.layers.dropout({ name: "dropout", rate: dropout }));
    const kernelInitializer = tfl.initializers.glorotUniform({ seed: this.#layerSeed("logits") });
    this.#model.add(tfl.layers.dense({ name: "logits", units: classes, kernelInitializer }));
    return this.#model;
  }

  #blockOptions(name: string): {
    name: string;
    padding: "same";
    useBias: false;
    inputShape?: [number, number, number];
  } {
    const inputShape = this.#inputShape;
    this.#inputShape = {};
    return { ...inputShape, name, padding: "same", useBias: false };
  }

  #normalizeAndActivate(name: string): void {
    const statistics = { momentum: batchNormMomentum, epsilon: batchNormEpsilon };
    this.#model.add(tfl.layers.batchNormalization({ name: `${name}_norm`, ...statistics }));
    const activation = name === this.#lastBlock ? "feature_map" : `${name}_relu`;
    this.#model.add(tfl.layers.reLU({ name: activation }));
  }

  /** tfjs takes the seed 0 for none, and the same seed gives layers of one shape the same weights. */
  #layerSeed(name: string): number {
    return stream(this.#seed, `weights/${name}`).nextUint32() + 1;
  }
}

/** Channels of a layer of `channels` at a width multiplier: a multiple of 8, as vectors and panels are, at least 8. */
export function scaledChannels(channels: number, width: number): number {
  return Math.max(8, Math.round((channels * width) / 8) * 8);
}
