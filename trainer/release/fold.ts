import type { LayersModel } from "@tensorflow/tfjs-layers";
import * as z from "zod/mini";
import { AppError } from "../../shared/contract/errors.ts";
import { parseWith } from "../../shared/contract/parse.ts";
import {
  type FoldedConvolution,
  type FoldedLayer,
  type FoldedModel,
  isWeighted,
  outputChannels,
  type WeightedLayer,
} from "./folded-model.ts";
import { outputLength, resolvePadding, resolvePoolPadding } from "./padding.ts";

type Layer = LayersModel["layers"][number];
/** `[height, width, channels]`, or `[channels]` once pooled. */
type Shape = readonly [number, number, number] | readonly [number];

/** The chain so far and the shape of what it gives. */
interface Folding {
  readonly folded: FoldedLayer[];
  shape: Shape;
}

const one = z.literal(1);
const positive = z.int().check(z.gt(0));
const pair = z.tuple([positive, positive]);
const activation = z.enum(["linear", "relu"]);
const convolutionSchema = z.object({
  kernelSize: pair,
  strides: pair,
  padding: z.enum(["same", "valid"]),
  dataFormat: z.literal("channelsLast"),
  dilationRate: z.optional(z.tuple([one, one])),
  depthMultiplier: z.optional(one),
  activation,
  useBias: z.boolean(),
});
const normalizationSchema = z.object({ epsilon: z.number(), center: z.boolean(), scale: z.boolean() });
const reluSchema = z.object({
  maxValue: z.optional(z.nullable(z.undefined())),
  negativeSlope: z.optional(z.nullable(z.literal(0))),
  threshold: z.optional(z.nullable(z.literal(0))),
});
const poolSchema = z.object({
  poolSize: pair,
  strides: pair,
  padding: z.enum(["same", "valid"]),
  dataFormat: z.literal("channelsLast"),
});
const denseSchema = z.object({ activation, useBias: z.boolean() });

/**
 * The layers that inference needs of a trained model: batch normalisation folded into the layer before it,
 * ReLU made that layer's activation, dropout left out.
 * @param model one chain of Conv2D, DepthwiseConv2D, BatchNormalization, ReLU, MaxPooling2D,
 *   GlobalAveragePooling2D, Dropout and Dense, on `[height, width, channels]` of a fixed size
 * @throws unsupported_model when a layer, its options or the order of the layers are others
 */
export async function foldModel(model: LayersModel): Promise<FoldedModel> {
  const inputShape = readInputShape(model);
  const folding: Folding = { folded: [], shape: inputShape };
  let featureShape: FoldedModel["featureShape"] | undefined;
  for (const layer of chainOf(model)) {
    if (layer.getClassName() === "GlobalAveragePooling2D") featureShape = spatial(layer, folding.shape);
    await foldLayer(layer, folding);
  }
  const last = folding.folded.at(-1);
  const hasFeatures = folding.folded.findIndex((layer) => layer.kind === "global-average-pool") > 0;
  if (featureShape === undefined || !hasFeatures || last?.kind !== "dense" || last.activation !== "linear") {
    throw new AppError(
      "unsupported_model",
      "the model is not a chain of convolutions, global average pooling and a linear dense layer; " +
        "build it so, without softmax",
    );
  }
  return { inputShape, layers: folding.folded, featureShape, classes: outputChannels(last) };
}

function readInputShape(model: LayersModel): FoldedModel["inputShape"] {
  const [height, width, channels] = model.inputs[0]?.shape.slice(1) ?? [];
  if (model.inputs.length !== 1 || !height || !width || !channels) {
    throw new AppError(
      "unsupported_model",
      `the model's inputs are ${JSON.stringify(model.inputs.map((input) => input.shape))}; ` +
        "allowed is one of [null, height, width, channels]",
    );
  }
  return [height, width, channels];
}

/** The layers in order, after a check that each feeds the next and nothing else. */
function chainOf(model: LayersModel): Layer[] {
  const chain = model.layers.filter((layer) => layer.getClassName() !== "InputLayer");
  for (const [index, layer] of chain.entries()) {
    const inbound = layer.inboundNodes.flatMap((node) => node.inboundLayers);
    const previous = chain[index - 1];
    const fits = previous === undefined || inbound[0] === previous;
    if (layer.inboundNodes.length !== 1 || inbound.length !== 1 || !fits) {
      throw new AppError(
        "unsupported_model",
        `layer ${layer.name} is not fed by ${previous?.name ?? "the input"} alone; the layers must form one chain`,
      );
    }
  }
  return chain;
}

async function foldLayer(layer: Layer, folding: Folding): Promise<void> {
  switch (layer.getClassName()) {
    case "Conv2D":
    case "DepthwiseConv2D":
      return foldConvolution(layer, folding);
    case "BatchNormalization":
      return foldNormalization(layer, folding);
    case "ReLU":
      parseOptions(reluSchema, layer);
      replaceLast(layer, folding, (last) => ({ ...last, activation: "relu" }));
      return undefined;
    case "MaxPooling2D":
      return foldPool(layer, folding);
    case "GlobalAveragePooling2D":
      folding.folded.push({ kind: "global-average-pool", name: layer.name });
      folding.shape = [spatial(layer, folding.shape)[2]];
      return undefined;
    case "Dropout":
      return undefined;
    case "Dense":
      return foldDense(layer, folding);
    default:
      throw unsupportedLayer(
        layer,
        "allowed are convolutions, BatchNormalization, ReLU, pooling, Dropout, Dense",
      );
  }
}

async function foldConvolution(layer: Layer, folding: Folding): Promise<void> {
  const options = parseOptions(convolutionSchema, layer);
  const [height, width] = spatial(layer, folding.shape);
  const [kernel, bias] = await readWeights(layer);
  if (kernel === undefined) throw unsupportedLayer(layer, "build the model before it is released");
  const depthwise = layer.getClassName() === "DepthwiseConv2D";
  const [kernelHeight = 0, kernelWidth = 0, input = 0, last = 0] = kernel.shape;
  const out = depthwise ? input : last;
  const rows = { input: height, window: kernelHeight, stride: options.strides[0] };
  const columns = { input: width, window: kernelWidth, stride: options.strides[1] };
  const padding = resolvePadding(options.padding, rows, columns);
  const convolution: FoldedConvolution = {
    kind: depthwise ? "depthwise" : "convolution",
    name: layer.name,
    weights: kernel.values,
    shape: [kernelHeight, kernelWidth, input, last],
    bias: options.useBias && bias ? bias.values : new Float32Array(out),
    strides: options.strides,
    padding,
    activation: options.activation,
  };
  folding.folded.push(convolution);
  folding.shape = [outputLength(padding, rows, "rows"), outputLength(padding, columns, "columns"), out];
}

/** `gamma * (x - mean) / sqrt(variance + epsilon) + beta` becomes a factor and an addend of each channel. */
async function foldNormalization(layer: Layer, folding: Folding): Promise<void> {
  const options = parseOptions(normalizationSchema, layer);
  const weights = (await readWeights(layer)).map((weight) => weight.values);
  const gamma = options.scale ? weights.shift() : undefined;
  const beta = options.center ? weights.shift() : undefined;
  const [mean, variance] = weights;
  if (mean === undefined || variance === undefined) {
    throw unsupportedLayer(layer, "build the model before it is released");
  }
  replaceLast(layer, folding, (last) => {
    const factors = Float64Array.from(
      variance,
      (value, c) => (gamma?.[c] ?? 1) / Math.sqrt(value + options.epsilon),
    );
    return {
      ...last,
      // The output channel is the fastest index of every kernel, also of a depthwise one: [h, w, channels, 1].
      weights: last.weights.map((value, i) => value * (factors[i % factors.length] as number)),
      bias: last.bias.map(
        (value, c) => (beta?.[c] ?? 0) + (value - (mean[c] as number)) * (factors[c] as number),
      ),
    };
  });
}

function foldPool(layer: Layer, folding: Folding): void {
  const { poolSize, strides, padding: wanted } = parseOptions(poolSchema, layer);
  const [height, width, channels] = spatial(layer, folding.shape);
  const rows = { input: height, window: poolSize[0], stride: strides[0] };
  const columns = { input: width, window: poolSize[1], stride: strides[1] };
  const padding = resolvePoolPadding(wanted, rows, columns, layer.name);
  folding.folded.push({ kind: "max-pool", name: layer.name, size: poolSize, strides, padding });
  folding.shape = [outputLength(padding, rows, "rows"), outputLength(padding, columns, "columns"), channels];
}

async function foldDense(layer: Layer, folding: Folding): Promise<void> {
  const options = parseOptions(denseSchema, layer);
  const [kernel, bias] = await readWeights(layer);
  const [input = 0, out = 0] = kernel?.shape ?? [];
  if (kernel === undefined || folding.shape.length !== 1) {
    throw unsupportedLayer(layer, "dense layers must follow global average pooling");
  }
  folding.folded.push({
    kind: "dense",
    name: layer.name,
    weights: kernel.values,
    shape: [input, out],
    bias: options.useBias && bias ? bias.values : new Float32Array(out),
    activation: options.activation,
  });
  folding.shape = [out];
}

/** Changes the layer just folded, which must have weights and no activation yet. */
function replaceLast(layer: Layer, folding: Folding, change: (last: WeightedLayer) => WeightedLayer): void {
  const last = folding.folded.at(-1);
  if (last === undefined || !isWeighted(last) || last.activation !== "linear") {
    throw unsupportedLayer(layer, "it must come right after a convolution or dense layer without activation");
  }
  folding.folded[folding.folded.length - 1] = change(last);
}

function spatial(layer: Layer, shape: Shape): readonly [number, number, number] {
  if (shape.length === 3) return shape;
  throw unsupportedLayer(layer, "it must come before global average pooling");
}

async function readWeights(
  layer: Layer,
): Promise<{ readonly values: Float32Array; readonly shape: readonly number[] }[]> {
  return Promise.all(
    layer.getWeights().map(async (tensor) => ({
      values: Float32Array.from(await tensor.data()),
      shape: tensor.shape,
    })),
  );
}

function parseOptions<T extends z.ZodMiniType>(schema: T, layer: Layer): z.infer<T> {
  const what = `${layer.getClassName()} layer ${layer.name} of the trained model`;
  return parseWith(schema, layer.getConfig(), what, "unsupported_model");
}

function unsupportedLayer(layer: Layer, advice: string): AppError {
  return new AppError(
    "unsupported_model",
    `layer ${layer.name} (${layer.getClassName()}) cannot be compiled here; ${advice}`,
  );
}
