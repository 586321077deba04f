import { type FoldedLayer, type FoldedModel, isWeighted, type WeightedLayer } from "./folded-model.ts";

/** Rounds over the chain; the scales settle well before. */
const rounds = 20;
/** A channel whose weights are all smaller than this is dead, and left alone. */
const smallestRange = 1e-8;
const largestScale = 1e4;

/**
 * Cross-layer equalisation (Nagel et al. 2019, arXiv 1906.04721, section 4.1): moves scale between consecutive layers,
 * channel by channel, until both use the same range, so that one scale a tensor suits all of its channels.
 *
 * Exact in real numbers, since ReLU and max pooling commute with a positive factor. Not done across global average
 * pooling, where it would change what the outputs `embedding` and `featureMap` mean.
 */
export function equalizeModel(model: FoldedModel): FoldedModel {
  const layers = [...model.layers];
  const pairs = equalizablePairs(layers);
  for (let round = 0; round < rounds; round++) {
    for (const [first, second] of pairs) {
      const [a, b] = [layers[first], layers[second]];
      if (a === undefined || b === undefined || !isWeighted(a) || !isWeighted(b)) continue;
      const scales = channelScales(a, b);
      layers[first] = divideOutputs(a, scales);
      layers[second] = multiplyInputs(b, scales);
    }
  }
  return { ...model, layers };
}

/** Positions of layers with weights that follow each other, but for max pooling between them. */
function equalizablePairs(layers: readonly FoldedLayer[]): [number, number][] {
  const pairs: [number, number][] = [];
  let previous: number | undefined;
  for (const [index, layer] of layers.entries()) {
    if (layer.kind === "global-average-pool") previous = undefined;
    if (!isWeighted(layer)) continue;
    if (previous !== undefined) pairs.push([previous, index]);
    previous = index;
  }
  return pairs;
}

/** `sqrt(range of a's outputs / range of b's inputs)` of each channel between the two. */
function channelScales(a: WeightedLayer, b: WeightedLayer): Float64Array {
  const outputs = new Float64Array(a.bias.length);
  for (const [i, weight] of a.weights.entries()) {
    const channel = i % outputs.length;
    outputs[channel] = Math.max(outputs[channel] as number, Math.abs(weight));
  }
  const inputs = new Float64Array(a.bias.length);
  for (const [i, weight] of b.weights.entries()) {
    const channel = inputChannel(b, i);
    inputs[channel] = Math.max(inputs[channel] as number, Math.abs(weight));
  }
  return outputs.map((output, channel) => {
    const input = inputs[channel] as number;
    if (output < smallestRange || input < smallestRange) return 1;
    return Math.min(largestScale, Math.max(1 / largestScale, Math.sqrt(output / input)));
  });
}

/** The input channel that weight `i` of a layer belongs to. */
function inputChannel(layer: WeightedLayer, i: number): number {
  if (layer.kind === "depthwise") return i % layer.shape[2];
  if (layer.kind === "dense") return Math.floor(i / layer.shape[1]);
  return Math.floor(i / layer.shape[3]) % layer.shape[2];
}

function divideOutputs(layer: WeightedLayer, scales: Float64Array): WeightedLayer {
  const scaleOf = (i: number): number => scales[i % scales.length] as number;
  return {
    ...layer,
    weights: layer.weights.map((weight, i) => weight / scaleOf(i)),
    bias: layer.bias.map((value, i) => value / scaleOf(i)),
  };
}

function multiplyInputs(layer: WeightedLayer, scales: Float64Array): WeightedLayer {
  return {
    ...layer,
    weights: layer.weights.map((weight, i) => weight * (scales[inputChannel(layer, i)] as number)),
  };
}
