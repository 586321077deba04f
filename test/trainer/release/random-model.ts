import * as tf from "@tensorflow/tfjs-core";
import { layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { createRandom, type Random } from "./random.ts";

type Layer = LayersModel["layers"][number];

/** A small untrained classifier of the kinds of layers that a release knows, its weights drawn from a seed. */
export interface RandomModel {
  readonly model: LayersModel;
  readonly size: number;
  readonly classes: number;
}

/** Draws a chain of one to four blocks; convolutions of kernel 1, 2, 3, 5 and stride 1, 2, 3. */
export function randomModel(seed: number): RandomModel {
  const random = createRandom(seed);
  const size = 12 + random.integer(13);
  const classes = 2 + random.integer(5);
  const chain: Layer[] = [];
  let side = size;
  for (let block = 0; block < 1 + random.integer(4); block++) {
    const kernelSize = random.pick([1, 2, 3, 5].filter((kernel) => kernel <= side));
    const strides = random.pick([1, 1, 2, 3]);
    const padding = random.pick(["same", "valid"] as const);
    const inputShape = block === 0 ? { inputShape: [size, size, 3] } : {};
    const options = { kernelSize, strides, padding, useBias: random.chance(0.5), ...inputShape };
    chain.push(
      random.chance(0.5)
        ? layers.conv2d({ ...options, filters: 1 + random.integer(9) })
        : layers.depthwiseConv2d(options),
    );
    if (random.chance(0.8)) chain.push(layers.batchNormalization({ epsilon: 1e-3 }));
    if (random.chance(0.8)) chain.push(layers.reLU({}));
    side = padding === "same" ? Math.ceil(side / strides) : Math.floor((side - kernelSize) / strides) + 1;
    if (side >= 4 && random.chance(0.3)) {
      chain.push(layers.maxPooling2d({ poolSize: 2, padding: random.pick(["same", "valid"] as const) }));
      side = Math.floor(side / 2);
    }
  }
  chain.push(layers.globalAveragePooling2d({ dataFormat: "channelsLast", name: "embedding" }));
  if (random.chance(0.5)) chain.push(layers.dropout({ rate: 0.3 }));
  chain.push(layers.dense({ units: classes, name: "logits" }));
  const model = sequential({ layers: chain });
  setRandomWeights(model, random);
  return { model, size, classes };
}

/** Weights as training leaves them: kernels by fan-in, batch normalisation far from its first state. */
export function setRandomWeights(model: LayersModel, random: Random): void {
  for (const layer of model.layers) {
    const weights = layer.weights.map((weight) => {
      const shape = weight.shape.map((length) => length ?? 1);
      const fanIn = shape
        .slice(0, layer.getClassName() === "DepthwiseConv2D" ? 2 : -1)
        .reduce((a, b) => a * b, 1);
      const name = weight.originalName.split("/").at(-1) ?? "";
      return tf.tensor(
        Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () =>
          drawWeight(name, fanIn, random),
        ),
        shape,
      );
    });
    layer.setWeights(weights);
    for (const weight of weights) weight.dispose();
  }
}

function drawWeight(name: string, fanIn: number, random: Random): number {
  if (name.includes("kernel")) return random.normal() * Math.sqrt(2 / fanIn);
  if (name.includes("gamma")) return 0.3 + 1.4 * random.uniform();
  if (name.includes("variance")) return 0.05 + 2 * random.uniform();
  return 0.3 * random.normal();
}

/** `[batch, size, size, 3]` normalised pixels. */
export function randomImages(seed: number, batch: number, size: number): Float32Array {
  const random = createRandom(seed);
  return Float32Array.from({ length: batch * size * size * 3 }, () => random.normal());
}
