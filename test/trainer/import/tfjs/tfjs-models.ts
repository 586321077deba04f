import * as tf from "@tensorflow/tfjs-core";
import * as layers from "@tensorflow/tfjs-layers";
import {
  constant,
  integer,
  integers,
  text,
  texts,
  typeAttr,
  tensorShape,
} from "../../../../trainer/release/graph-nodes.ts";
import { createRandom } from "../../release/random.ts";

/** A saved model: its model.json and the one file of weights beside it. */
export interface SavedModel {
  readonly json: unknown;
  readonly weights: Uint8Array;
}

const weightsFile = "weights.bin";

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

/** A frozen graph as converters leave it, with operations that nothing fused; its weights are of a seed. */
export function frozenGraph(size: number, seed: number): SavedModel {
  const random = createRandom(seed);
  const nodes: unknown[] = [];
  const specs: { name: string; shape: readonly number[]; dtype: string }[] = [];
  const bytes: Buffer[] = [];
  const float = { T: typeAttr("float32") };
  const node = (name: string, op: string, input: readonly string[], attr: object): string => {
    nodes.push({ name, op, input, attr });
    return name;
  };
  const floats = (name: string, shape: readonly number[], positive = false): string => {
    const length = shape.reduce((product, side) => product * side, 1);
    const spread = Math.sqrt(2 / Math.max(1, length / (shape.at(-1) ?? 1)));
    const values = Float32Array.from({ length }, () =>
      positive ? 0.5 + random.uniform() : (random.uniform() * 2 - 1) * spread,
    );
    nodes.push(constant(name, "float32", shape));
    specs.push({ name, shape, dtype: "float32" });
    bytes.push(Buffer.from(values.buffer));
    return name;
  };
  const whole = (name: string, values: readonly number[], shape: readonly number[]): string => {
    nodes.push(constant(name, "int32", shape));
    specs.push({ name, shape, dtype: "int32" });
    bytes.push(Buffer.from(Int32Array.from(values).buffer));
    return name;
  };
  const window = (strides: number, padding: "SAME" | "VALID"): object => ({
    ...float,
    strides: integers([1, strides, strides, 1]),
    padding: text(padding),
    data_format: text("NHWC"),
    dilations: integers([1, 1, 1, 1]),
    explicit_paddings: integers([]),
  });
  node("image", "Placeholder", [], {
    dtype: typeAttr("float32"),
    shape: { shape: tensorShape([-1, size, size, 3]) },
  });
  node("scaled", "Mul", ["image", floats("scale", [])], float);
  node("shifted", "Sub", ["scaled", floats("shift", [3])], float);
  node("padded", "Pad", ["shifted", whole("paddings", [0, 0, 0, 1, 0, 1, 0, 0], [4, 2])], {
    ...float,
    Tpaddings: typeAttr("int32"),
  });
  node("conv", "Conv2D", ["padded", floats("conv/w", [3, 3, 3, 8])], window(2, "VALID"));
  node(
    "norm",
    "FusedBatchNormV3",
    [
      "conv",
      floats("gamma", [8], true),
      floats("beta", [8]),
      floats("mean", [8]),
      floats("variance", [8], true),
    ],
    { ...float, epsilon: { f: 0.001 }, is_training: { b: false }, data_format: text("NHWC") },
  );
  node("relu6", "Relu6", ["norm"], float);
  node(
    "depthwise",
    "DepthwiseConv2dNative",
    ["relu6", floats("depthwise/w", [3, 3, 8, 1])],
    window(1, "SAME"),
  );
  node("biased", "BiasAdd", ["depthwise", floats("depthwise/b", [8])], {
    ...float,
    data_format: text("NHWC"),
  });
  node("relu", "Relu", ["biased"], float);
  node("sum", "AddV2", ["relu", "relu6"], float);
  node(
    "pointwise",
    "_FusedConv2D",
    ["sum", floats("pointwise/w", [1, 1, 8, 12]), floats("pointwise/b", [12])],
    {
      ...window(1, "SAME"),
      num_args: integer(1),
      fused_ops: texts(["BiasAdd", "Relu6"]),
    },
  );
  node("pool", "MaxPool", ["pointwise"], { ...window(2, "VALID"), ksize: integers([1, 2, 2, 1]) });
  node("mean_axes", "Mean", ["pool", whole("axes", [1, 2], [2])], {
    ...float,
    Tidx: typeAttr("int32"),
    keep_dims: { b: true },
  });
  node("rows", "Reshape", ["mean_axes", whole("shape", [-1, 12], [2])], {
    ...float,
    Tshape: typeAttr("int32"),
  });
  node("product", "MatMul", ["rows", floats("dense/w", [12, 3])], {
    ...float,
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  node("sums", "AddV2", ["product", floats("dense/b", [3])], float);
  node("softmax", "Softmax", ["sums"], float);
  node("Identity", "Identity", ["softmax"], float);
  return {
    json: {
      format: "graph-model",
      modelTopology: { node: nodes, versions: { producer: 1 } },
      weightsManifest: [{ paths: [weightsFile], weights: specs }],
    },
    weights: new Uint8Array(Buffer.concat(bytes)),
  };
}
