import { beforeAll, describe, expect, it } from "vitest";
import { equalizeModel } from "../../../trainer/release/equalize.ts";
import { foldModel } from "../../../trainer/release/fold.ts";
import {
  type FoldedConvolution,
  type FoldedModel,
  isWeighted,
} from "../../../trainer/release/folded-model.ts";
import { useWasm } from "./backends.ts";
import { createRandom } from "./random.ts";
import { randomImages, randomModel } from "./random-model.ts";
import { runGraph } from "./run-graph.ts";

function largestDifference(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length);
  return a.reduce((largest, value, i) => Math.max(largest, Math.abs(value - (b[i] as number))), 0);
}

function scaled(weights: Float32Array, scales: readonly number[]): Float32Array {
  return weights.map((weight, i) => weight * (scales[i % scales.length] as number));
}

/** Convolution, depthwise, pooling, convolution, whose channels differ by up to a factor of 10,000. */
function wideModel(seed: number): FoldedModel {
  const random = createRandom(seed);
  const draw = (length: number): Float32Array => Float32Array.from({ length }, () => random.normal());
  const wide = (channels: number): number[] =>
    Array.from({ length: channels }, () => 10 ** (4 * random.uniform() - 2));
  const common = { strides: [1, 1], padding: "same", activation: "relu" } as const;
  const layer = (name: string, shape: FoldedConvolution["shape"], channels: number): FoldedConvolution => ({
    ...common,
    kind: shape[3] === 1 ? "depthwise" : "convolution",
    name,
    shape,
    weights: scaled(draw(shape[0] * shape[1] * shape[2] * shape[3]), wide(channels)),
    bias: draw(channels),
  });
  return {
    inputShape: [8, 8, 3],
    layers: [
      layer("a", [3, 3, 3, 6], 6),
      layer("b", [3, 3, 6, 1], 6),
      { kind: "max-pool", name: "pool", size: [2, 2], strides: [2, 2], padding: "valid" },
      layer("c", [1, 1, 6, 8], 8),
      { kind: "global-average-pool", name: "embedding" },
      {
        kind: "dense",
        name: "logits",
        shape: [8, 2],
        weights: draw(16),
        bias: draw(2),
        activation: "linear",
      },
    ],
    featureShape: [4, 4, 8],
    classes: 2,
  };
}

/** The largest weight of each output channel, which for a depthwise layer is also that of each input channel. */
function channelRanges(model: FoldedModel, name: string): number[] {
  const layer = model.layers.filter(isWeighted).find((entry) => entry.name === name);
  if (layer === undefined) throw new Error(`no layer ${name}`);
  const ranges = Array.from(layer.bias, () => 0);
  for (const [i, weight] of layer.weights.entries()) {
    const channel = i % ranges.length;
    ranges[channel] = Math.max(ranges[channel] ?? 0, Math.abs(weight));
  }
  return ranges;
}

function spread(ranges: number[] = []): number {
  return Math.max(...ranges) / Math.min(...ranges);
}

describe("equalizeModel", () => {
  beforeAll(useWasm);

  it("leaves logits, embedding and feature map as they were, over random models", async () => {
    for (let seed = 100; seed <= 130; seed++) {
      const { model, size } = randomModel(seed);
      const folded = await foldModel(model);
      const pixels = randomImages(seed, 4, size);
      const plain = await runGraph(folded, pixels);
      const equalized = await runGraph(equalizeModel(folded), pixels);
      for (const output of ["logits", "embedding", "featureMap"] as const) {
        const scale = Math.max(1, ...plain[output].map(Math.abs));
        expect(largestDifference(equalized[output], plain[output]) / scale).toBeLessThan(1e-5);
      }
    }
  });

  it("gives each channel the same range on both sides of a pair, also across max pooling", () => {
    const wide = wideModel(1);
    const equalized = equalizeModel(wide);
    const [a, b] = [channelRanges(equalized, "a"), channelRanges(equalized, "b")];
    for (const [channel, range] of a.entries()) expect(range / (b[channel] ?? 0)).toBeCloseTo(1, 2);
    for (const name of ["a", "b"]) {
      const [before, after] = [wide, equalized].map((model) => channelRanges(model, name));
      expect(spread(after)).toBeLessThan(spread(before) / 3);
    }
  });

  it("leaves the layers on both sides of the global pooling in their scale", () => {
    const [wide, equalized] = [wideModel(2), equalizeModel(wideModel(2))];
    expect(equalized.layers.at(-1)).toEqual(wide.layers.at(-1));
    expect(equalized.layers[3]).toMatchObject({
      bias: wide.layers[3]?.kind === "convolution" ? wide.layers[3].bias : 0,
    });
  });

  it("leaves dead channels alone", () => {
    const wide = wideModel(3);
    const dead: FoldedModel = {
      ...wide,
      layers: wide.layers.map((layer) =>
        layer.name === "b" && layer.kind === "depthwise"
          ? { ...layer, weights: layer.weights.map((weight, i) => (i % 6 === 2 ? 0 : weight)) }
          : layer,
      ),
    };
    const numbers = equalizeModel(dead)
      .layers.filter(isWeighted)
      .flatMap((layer) => [...layer.weights, ...layer.bias]);
    expect(numbers.every(Number.isFinite)).toBe(true);
  });
});
