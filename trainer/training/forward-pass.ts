import * as tf from "@tensorflow/tfjs-core";
import * as tfl from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { RandomStream } from "./random.ts";
import type { ModelWeight } from "./weights.ts";

type Layer = tfl.LayersModel["layers"][number];

/** New values for the running statistics of one batch normalization, from one batch. */
export interface RunningStatistics {
  readonly weight: ModelWeight;
  /** Of the batch; the caller disposes of it. */
  readonly observed: tf.Tensor;
  readonly momentum: number;
}

/** What one forward pass in training mode gives. */
export interface ForwardResult {
  /** `[batch, classes]` */
  readonly logits: tf.Tensor;
  readonly statistics: readonly RunningStatistics[];
}

/** A model's forward pass in training mode; differentiable in its trainable weights. */
export type ForwardPass = (x: tf.Tensor, random: RandomStream) => ForwardResult;

/** The running statistics of a model, in the order that a forward pass observes them. */
export function runningStatisticsOf(
  model: tfl.LayersModel,
): readonly Pick<RunningStatistics, "weight" | "momentum">[] {
  return model.layers
    .filter((layer) => layer.getClassName() === "BatchNormalization")
    .flatMap((layer) => {
      const momentum = Number(layer.getConfig()["momentum"]);
      return layer.weights.slice(2).map((weight) => ({ weight, momentum }));
    });
}

type Step = (x: tf.Tensor, random: RandomStream, statistics: RunningStatistics[]) => tf.Tensor;

/**
 * Lays out the forward pass of a chain of layers. It does what `model.apply(x, { training: true })` does, with the
 * engine's fused batch normalization, dropout from our own seeded stream, and running statistics as a result.
 * @throws unsupported_model when the model is not a chain of the layers that {@link buildModel} uses
 */
export function createForwardPass(model: tfl.LayersModel, engine: Engine): ForwardPass {
  const steps: Step[] = [];
  const { layers } = model;
  for (let i = 0; i < layers.length; i++) {
    const layer = layers[i];
    if (layer === undefined) continue;
    checkChained(layer);
    const fuseRelu = layer.getClassName() === "BatchNormalization" && isPlainRelu(layers[i + 1]);
    const step = stepOf(layer, engine, fuseRelu);
    if (step !== undefined) steps.push(step);
    if (fuseRelu) i++;
  }
  return (x, random) => {
    const statistics: RunningStatistics[] = [];
    const logits = steps.reduce((value, step) => step(value, random, statistics), x);
    return { logits, statistics };
  };
}

function stepOf(layer: Layer, engine: Engine, fuseRelu: boolean): Step | undefined {
  switch (layer.getClassName()) {
    case "InputLayer":
      return undefined;
    case "BatchNormalization":
      return batchNormStep(layer, engine, fuseRelu);
    case "Dropout":
      return dropoutStep(layer);
    case "Conv2D":
    case "DepthwiseConv2D":
      return convolutionStep(layer);
    case "ReLU":
    case "MaxPooling2D":
    case "GlobalAveragePooling2D":
    case "Dense":
      return applied(layer);
    default:
      throw new AppError(
        "unsupported_model",
        `layer ${layer.name} is a ${layer.getClassName()}, which the training loop does not know; use Conv2D, ` +
          "DepthwiseConv2D, BatchNormalization, ReLU, MaxPooling2D, GlobalAveragePooling2D, Dropout and Dense",
      );
  }
}

function convolutionStep(layer: Layer): Step {
  const config = layer.getConfig();
  const kernelSize = pair(layer, "kernelSize");
  const strides = pair(layer, "strides");
  const padding = config["padding"];
  if (padding === "same" && (kernelSize[0] < strides[0] || kernelSize[1] < strides[1])) {
    throw new AppError(
      "unsupported_model",
      `layer ${layer.name} has a ${kernelSize.join("x")} kernel with stride ${strides.join("x")} and padding 'same', ` +
        "which the WASM backend that serves the model computes wrongly; use a kernel at least as large as the stride",
    );
  }
  const [kernel] = layer.weights;
  if (layer.getClassName() === "DepthwiseConv2D" || kernel === undefined || config["useBias"] === true) {
    return applied(layer);
  }
  // the layer itself would ask for the gradient of the image too
  return (x) => {
    const filter = kernel.read();
    if (!isRank4(x) || !isRank4(filter)) {
      throw new AppError("unsupported_model", `layer ${layer.name} needs [batch, height, width, channels]`);
    }
    return tf.conv2d(x, filter, strides, padding === "same" ? "same" : "valid");
  };
}

/** The layer as tfjs runs it. */
function applied(layer: Layer): Step {
  return (x) => {
    const y = layer.apply(x, { training: true });
    if (y instanceof tf.Tensor) return y;
    throw new AppError("unsupported_model", `layer ${layer.name} does not give one tensor`);
  };
}

function isRank4(tensor: tf.Tensor): tensor is tf.Tensor4D {
  return tensor.rank === 4;
}

function batchNormStep(layer: Layer, engine: Engine, relu: boolean): Step {
  const [gamma, beta, mean, variance] = layer.weights;
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) {
    throw new AppError("unsupported_model", `layer ${layer.name} needs a scale (gamma) and a centre (beta)`);
  }
  const config = layer.getConfig();
  const epsilon = Number(config["epsilon"]);
  const momentum = Number(config["momentum"]);
  return (x, _random, statistics) => {
    const normalized = engine.normalizeBatch(x, gamma.read(), beta.read(), { epsilon, relu });
    statistics.push(
      { weight: mean, observed: tf.keep(normalized.mean), momentum },
      { weight: variance, observed: tf.keep(normalized.variance), momentum },
    );
    return normalized.y;
  };
}

/** tfjs's own dropout draws the same mask at every step when it is seeded. */
function dropoutStep(layer: Layer): Step {
  const rate = Number(layer.getConfig()["rate"]);
  const scale = 1 / (1 - rate);
  return (x, random) => {
    const mask = Float32Array.from({ length: x.size }, () => (random.uniform() < rate ? 0 : scale));
    return tf.mul(x, tf.tensor(mask, x.shape));
  };
}

function isPlainRelu(layer: Layer | undefined): boolean {
  return layer?.getClassName() === "ReLU" && !layer.getConfig()["maxValue"];
}

function pair(layer: Layer, option: string): [number, number] {
  const value = layer.getConfig()[option];
  const [first, second] = Array.isArray(value) ? value : [value, value];
  return [Number(first), Number(second)];
}

function checkChained(layer: Layer): void {
  const inputs = layer.inboundNodes.flatMap((node) => node.inboundLayers);
  if (inputs.length <= 1) return;
  throw new AppError(
    "unsupported_model",
    `layer ${layer.name} has ${inputs.length} inputs; the training loop runs one chain of layers`,
  );
}
