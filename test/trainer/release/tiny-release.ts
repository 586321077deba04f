import * as tf from "@tensorflow/tfjs-core";
import { layers, type LayersModel, sequential } from "@tensorflow/tfjs-layers";
import type { InputSpec } from "../../../shared/contract/input-spec.ts";
import { codecSha256 } from "../../../shared/image/codec-digest.ts";
import { loadCodec, loadJpegEncoder } from "../../../trainer/assets.ts";
import type { ImageSet } from "../../../trainer/data/image-set.ts";
import { decodeImages, type LabelledImage } from "../../../trainer/evaluation/labelled-image.ts";
import { predictLogits } from "../../../trainer/training/validate.ts";
import { drawScene } from "../../../trainer/release/golden-images.ts";
import { releasableLayers } from "../../../trainer/release/layers-model.ts";
import type { ReleaseInput } from "../../../trainer/release/release.ts";
import { useWasm } from "./backends.ts";
import { createRandom } from "./random.ts";
import { setRandomWeights } from "./random-model.ts";

export const tinyLabels = ["ant", "bee", "cat"];

const size = 32;

const inputSpec: InputSpec = {
  width: size,
  height: size,
  fit: "cover-crop",
  cropFraction: 1,
  filter: "triangle",
  background: [0, 0, 0],
  denoise: "none",
  mean: [0.5, 0.5, 0.5],
  std: [0.25, 0.25, 0.25],
  codecSha256,
};

/** A small net of seeded weights, in the layers and names of a real one. */
export function tinyModel(seed: number): LayersModel {
  const model = sequential({
    layers: [
      layers.conv2d({
        inputShape: [size, size, 3],
        filters: 8,
        kernelSize: 3,
        strides: 2,
        padding: "same",
        useBias: false,
      }),
      layers.batchNormalization({}),
      layers.reLU({}),
      layers.depthwiseConv2d({ kernelSize: 3, padding: "same", useBias: false }),
      layers.batchNormalization({}),
      layers.reLU({}),
      layers.conv2d({ filters: 16, kernelSize: 1, useBias: false }),
      layers.batchNormalization({}),
      layers.reLU({ name: `feature_map_${seed}` }),
      layers.globalAveragePooling2d({ dataFormat: "channelsLast" }),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: tinyLabels.length }),
    ],
  });
  setRandomWeights(model, createRandom(seed));
  return model;
}

/** Moves the biases so that each class has its share of the answers, as after training. */
function balance(model: LayersModel, images: ImageSet): void {
  const dense = model.layers.at(-1);
  const logits = predictLogits(model, images, inputSpec);
  const [kernel, bias] = dense?.getWeights() ?? [];
  if (kernel === undefined || bias === undefined) throw new Error("the tiny model has no dense layer");
  const rows = tf.tensor2d(logits, [images.labels.length, images.classes]);
  dense?.setWeights([kernel, tf.sub(bias, tf.mean(rows, 0))]);
  rows.dispose();
}

/** JPEG files of drawn scenes, their classes in turn. */
export function tinyFiles(seed: number, count: number): LabelledImage[] {
  const encode = loadJpegEncoder();
  return Array.from({ length: count }, (_, i) => {
    const bytes = encode(drawScene(seed * 1000 + i, 48, 40), 80);
    return { path: `${i}.jpg`, classIndex: i % tinyLabels.length, read: async () => bytes };
  });
}

/** What a release takes, and the layers in it. */
export interface TinyReleaseInput extends ReleaseInput {
  readonly layers: LayersModel;
}

/** Everything a release takes, of a tiny model; tests override single fields. */
export async function tinyReleaseInput(seed: number): Promise<TinyReleaseInput> {
  await useWasm();
  const codec = loadCodec();
  const decode = (files: LabelledImage[]) => decodeImages(files, codec, inputSpec, tinyLabels.length);
  const model = tinyModel(seed);
  const calibration = await decode(tinyFiles(seed + 1, 40));
  balance(model, calibration);
  return {
    layers: model,
    model: releasableLayers(model, inputSpec),
    engine: { activate: useWasm },
    codec,
    encodeJpeg: loadJpegEncoder(),
    description: {
      model: "insects",
      labels: tinyLabels,
      input: inputSpec,
      architecture: { name: "tiny", width: 8 },
      licence: "Apache-2.0",
      intendedUse: "Tests.",
    },
    provenance: {
      runId: "run-1",
      startedAt: "2026-01-31T23:59:59.000Z",
      dataset: "insects",
      datasetVersion: "0123456789abcdef",
      datasetDigest: "0".repeat(64),
      configDigest: "1".repeat(64),
      seed,
      engine: "wasm",
      packages: { node: "22.0.0" },
      gitCommit: null,
    },
    calibration,
    correction: await decode(tinyFiles(seed + 2, 20)),
    test: tinyFiles(seed + 3, 60),
    now: () => new Date("2026-02-01T00:00:00.000Z"),
  };
}
