import { layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import { beforeAll, describe, expect, it } from "vitest";
import { isAppError } from "../../../shared/contract/errors.ts";
import { foldModel } from "../../../trainer/release/fold.ts";
import { useCpu } from "./backends.ts";

type Layer = LayersModel["layers"][number];

const inputShape = [8, 8, 3];
const head = (): Layer[] => [
  layers.globalAveragePooling2d({ dataFormat: "channelsLast" }),
  layers.dense({ units: 2 }),
];
const convolution = (): Layer => layers.conv2d({ inputShape, filters: 4, kernelSize: 3 });

describe("foldModel", () => {
  beforeAll(useCpu);

  it("keeps one layer each of convolution, normalisation and ReLU, and drops dropout", async () => {
    const model = sequential({
      layers: [
        convolution(),
        layers.batchNormalization(),
        layers.reLU(),
        layers.globalAveragePooling2d({ dataFormat: "channelsLast" }),
        layers.dropout({ rate: 0.5 }),
        layers.dense({ units: 2 }),
      ],
    });
    const folded = await foldModel(model);
    expect(folded.layers.map((layer) => layer.kind)).toEqual(["convolution", "global-average-pool", "dense"]);
    expect(folded.layers[0]).toMatchObject({ activation: "relu" });
    expect(folded.featureShape).toEqual([6, 6, 4]);
    expect(folded.classes).toBe(2);
  });

  it.each<[string, () => Layer[]]>([
    ["softmax on the logits", () => [convolution(), ...head(), layers.softmax()]],
    [
      "a dense layer with softmax",
      () => [convolution(), head()[0] as Layer, layers.dense({ units: 2, activation: "softmax" })],
    ],
    ["no pooling", () => [convolution(), layers.flatten(), layers.dense({ units: 2 })]],
    [
      "no layer before pooling",
      () => [
        layers.globalAveragePooling2d({ dataFormat: "channelsLast", inputShape }),
        layers.dense({ units: 2 }),
      ],
    ],
    [
      "normalisation after ReLU",
      () => [convolution(), layers.reLU(), layers.batchNormalization(), ...head()],
    ],
    ["ReLU6", () => [convolution(), layers.reLU({ maxValue: 6 }), ...head()]],
    [
      "dilation",
      () => [layers.conv2d({ inputShape, filters: 4, kernelSize: 2, dilationRate: 2 }), ...head()],
    ],
    [
      "depth multiplier",
      () => [layers.depthwiseConv2d({ inputShape, kernelSize: 3, depthMultiplier: 2 }), ...head()],
    ],
    [
      "pooling with a padded window below its stride",
      () => [layers.maxPooling2d({ inputShape, poolSize: 2, strides: 7, padding: "same" }), ...head()],
    ],
  ])("rejects %s", async (_, chain) => {
    await expect(foldModel(sequential({ layers: chain() }))).rejects.toSatisfy((error) =>
      isAppError(error, "unsupported_model"),
    );
  });
});
