import * as tf from "@tensorflow/tfjs-core";
import type * as tfl from "@tensorflow/tfjs-layers";
import { afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openEngine } from "../../../trainer/engine/open-engine.ts";
import { architectures, buildModel } from "../../../trainer/model/build-model.ts";
import { floats, hashWeights } from "../../../trainer/training/weights.ts";

const servable = new Set([
  "Conv2D",
  "DepthwiseConv2D",
  "BatchNormalization",
  "ReLU",
  "MaxPooling2D",
  "GlobalAveragePooling2D",
  "Dropout",
  "Dense",
]);
const options = { size: 32, classes: 5, seed: 7, width: 0.25 };

beforeAll(async () => {
  await openEngine("wasm");
});
beforeEach(() => tf.engine().startScope());
afterEach(() => tf.engine().endScope());

function kernelOf(model: tfl.LayersModel, layer: string): Float32Array {
  const [kernel] = model.getLayer(layer).weights;
  return kernel === undefined ? new Float32Array() : floats(kernel.read());
}

function deviation(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);
}

describe.each(architectures)("%s", (architecture) => {
  it("is one chain of layers that can be compiled, under the agreed names", () => {
    const model = buildModel(architecture, { ...options, dropout: 0.3 });
    expect(model.layers.filter((layer) => !servable.has(layer.getClassName()))).toEqual([]);
    expect(model.layers.every(({ inboundNodes }) => inboundNodes.length <= 1)).toBe(true);
    const last = model.layers.slice(-4).map((layer) => [layer.name, layer.getClassName()]);
    expect(last).toEqual([
      ["feature_map", "ReLU"],
      ["embedding", "GlobalAveragePooling2D"],
      ["dropout", "Dropout"],
      ["logits", "Dense"],
    ]);
    expect(model.getLayer("logits").getConfig()["activation"]).toBe("linear");
    expect(model.outputs[0]?.shape).toEqual([null, 5]);
  });

  it.each([16, 32, 48, 64, 96, 128, 224])("keeps a feature map of 3 to 8 pixels a side at %d px", (size) => {
    const model = buildModel(architecture, { ...options, size });
    const [, height, width] = model.getLayer("feature_map").outputShape as number[];
    expect(height).toBe(width);
    expect(height).toBeGreaterThanOrEqual(3);
    expect(height).toBeLessThanOrEqual(8);
  });

  it("has the same weights for the same seed, and others for another", () => {
    const [first, again, other] = [7, 7, 8].map((seed) =>
      hashWeights(buildModel(architecture, { ...options, seed })),
    );
    expect(again).toBe(first);
    expect(other).not.toBe(first);
  });

  it("starts from weights even for the seed 0", () => {
    const [first, again] = [0, 0].map((seed) => hashWeights(buildModel(architecture, { ...options, seed })));
    expect(again).toBe(first);
  });

  it("has more channels at a larger width, in multiples of 8", () => {
    const model = buildModel(architecture, { ...options, width: 0.5 });
    const channels = model.layers
      .map(({ outputShape }) => Number((outputShape as number[]).at(-1)))
      .slice(0, -1);
    expect(channels.every((count) => count % 8 === 0)).toBe(true);
    expect(model.countParams()).toBeGreaterThan(buildModel(architecture, options).countParams());
  });

  it.each([
    [{ size: 8 }, /size is 8; choose a whole number from 16 to 1024/],
    [{ size: 32.5 }, /size is 32.5/],
    [{ classes: 1 }, /classes is 1/],
    [{ width: 0 }, /width is 0; choose a number from 0.1 to 4/],
    [{ dropout: 1 }, /dropout is 1/],
    [{ width: Number.NaN }, /width is NaN/],
  ])("rejects %o", (wrong, message) => {
    expect(() => buildModel(architecture, { ...options, ...wrong })).toThrow(message);
  });
});

describe("mobilenet-v1", () => {
  it("is MobileNet V1 of the paper at 96 px: 221,114 parameters at width 0.25 for 10 classes", () => {
    const model = buildModel("mobilenet-v1", { size: 96, classes: 10, seed: 1, width: 0.25 });
    expect(model.countParams()).toBe(221_114);
    expect(model.getLayer("feature_map").outputShape).toEqual([null, 3, 3, 256]);
  });

  it("starts its depthwise filters at He's scale, layers of one shape with different values", () => {
    const model = buildModel("mobilenet-v1", { size: 32, classes: 2, seed: 1, width: 1 });
    const [one, other] = [kernelOf(model, "block8_depthwise"), kernelOf(model, "block9_depthwise")];
    expect(deviation(one)).toBeCloseTo(Math.sqrt(2 / 9), 1);
    expect(one).toHaveLength(other.length);
    expect(one).not.toEqual(other);
  });
});
