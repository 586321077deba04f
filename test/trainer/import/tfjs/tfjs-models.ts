import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import { createRandom } from "../../release/random.ts";

/** A saved model: its model.json and the one file of weights beside it. */
export interface SavedModel {
  readonly json: unknown;
  readonly weights: Uint8Array;
}

/** Name of the one file of weights. */
export const weightsFile = "weights.bin";

/** The bytes of a model.json, and how to read what lies beside it. */
export function asFiles({ json, weights }: SavedModel): {
  readonly file: Uint8Array;
  readonly readFile: (path: string) => Promise<Uint8Array>;
} {
  return {
    file: new TextEncoder().encode(JSON.stringify(json)),
    readFile: (path) =>
      path === weightsFile ? Promise.resolve(weights) : Promise.reject(new Error(`no file ${path}`)),
  };
}

/** Saves a model as `model.save` does. */
export async function saveLayers(model: layers.LayersModel): Promise<SavedModel> {
  let saved: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler((artifacts) => {
    saved = artifacts;
    return Promise.resolve({
      modelArtifactsInfo: { dateSaved: new Date(0), modelTopologyType: "JSON" },
    });
  });
  await model.save(handler);
  const { modelTopology, weightSpecs, weightData } = saved ?? {};
  return {
    json: { modelTopology, weightsManifest: [{ paths: [weightsFile], weights: weightSpecs }] },
    weights: new Uint8Array(tf.io.CompositeArrayBuffer.join(weightData)),
  };
}

/** Sets every weight to numbers of a seed; variances stay positive. */
export function randomizeWeights(model: layers.LayersModel, seed: number): void {
  const random = createRandom(seed);
  for (const layer of model.layers) {
    if ("layers" in layer && Array.isArray(layer.layers)) {
      // Nested models keep their own layers.
      randomizeWeights(layer as unknown as layers.LayersModel, seed + 1);
      continue;
    }
    const values = layer.weights.map(({ shape, originalName }) => {
      const size = shape.map((length) => length ?? 1);
      const spread = Math.sqrt(
        2 /
          Math.max(
            1,
            size.slice(0, -1).reduce((product, length) => product * length, 1),
          ),
      );
      const elements = size.reduce((product, length) => product * length, 1);
      return tf.tensor(
        Array.from({ length: elements }, () =>
          originalName.endsWith("variance") ? 0.5 + random.uniform() : (random.uniform() * 2 - 1) * spread,
        ),
        size,
      );
    });
    layer.setWeights(values);
    tf.dispose(values);
  }
}

/** A functional net with what MobileNets have: padding of its own, depthwise, batch norm, ReLU6, a sum, global pooling. */
export function functionalNet(size: number): layers.LayersModel {
  const l = layers.layers;
  const input = layers.input({ shape: [size, size, 3] });
  const convolve = (
    from: layers.SymbolicTensor,
    filters: number,
    kernelSize: number,
  ): layers.SymbolicTensor => apply(l.conv2d({ filters, kernelSize, padding: "same", useBias: false }), from);
  let value = apply(
    l.zeroPadding2d({
      padding: [
        [0, 1],
        [0, 1],
      ],
    }),
    input,
  );
  value = apply(l.conv2d({ filters: 8, kernelSize: 3, strides: 2, padding: "valid", useBias: false }), value);
  value = apply(l.reLU({ maxValue: 6 }), apply(l.batchNormalization({ epsilon: 0.001 }), value));
  const before = value;
  value = apply(l.depthwiseConv2d({ kernelSize: 3, padding: "same", useBias: false }), value);
  value = apply(l.reLU({ maxValue: 6 }), apply(l.batchNormalization({ epsilon: 0.001 }), value));
  value = apply(l.batchNormalization({ epsilon: 0.001 }), convolve(value, 8, 1));
  value = apply(l.add(), [before, value]);
  value = apply(
    l.separableConv2d({ filters: 12, kernelSize: 3, strides: 2, padding: "same", activation: "relu" }),
    value,
  );
  return layers.model({ inputs: input, outputs: apply(l.globalAveragePooling2d({}), value) });
}

/** A model as Teachable Machine exports it: a sequential one of a sequential one of a functional one, and a head. */
export function teachableMachine(size: number): layers.LayersModel {
  const base = layers.sequential({ layers: [functionalNet(size)] });
  const head = layers.sequential({
    layers: [
      layers.layers.dense({ inputShape: [12], units: 10, activation: "relu" }),
      layers.layers.dense({ units: 3, useBias: false, activation: "softmax" }),
    ],
  });
  return layers.sequential({ layers: [base, head] });
}

function apply(
  layer: layers.layers.Layer,
  to: layers.SymbolicTensor | layers.SymbolicTensor[],
): layers.SymbolicTensor {
  // A layer applied to a symbolic tensor gives one.
  return layer.apply(to) as layers.SymbolicTensor;
}
