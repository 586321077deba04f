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
import { type SavedModel, weightsFile } from "./tfjs-models.ts";

/** Writes a frozen graph as converters leave it; its weights are of a seed. */
export interface GraphWriter {
  /** Adds an operation; gives its name. */
  readonly node: (name: string, op: string, input: readonly string[], attr: object) => string;
  readonly placeholder: (name: string, size: number) => string;
  /** Adds numbers of the seed, or those of `draw`. */
  readonly floats: (
    name: string,
    shape: readonly number[],
    draw?: (random: () => number) => number,
  ) => string;
  readonly whole: (name: string, values: readonly number[], shape: readonly number[]) => string;
  readonly save: () => SavedModel;
}

/** The type that all values have. */
export const float = { T: typeAttr("float32") };

/** Draws numbers around 1. */
export const positive = (random: () => number): number => 0.5 + random();

/** Attributes of an operation with a window. */
export function window(strides: number, padding: "SAME" | "VALID"): object {
  return {
    ...float,
    strides: integers([1, strides, strides, 1]),
    padding: text(padding),
    data_format: text("NHWC"),
    dilations: integers([1, 1, 1, 1]),
    explicit_paddings: integers([]),
  };
}

/** An empty graph. */
export function createGraphWriter(seed: number): GraphWriter {
  const random = createRandom(seed);
  const nodes: unknown[] = [];
  const specs: { name: string; shape: readonly number[]; dtype: string }[] = [];
  const bytes: Buffer[] = [];
  const node = (name: string, op: string, input: readonly string[], attr: object): string => {
    nodes.push({ name, op, input, attr });
    return name;
  };
  return {
    node,
    placeholder: (name, size) =>
      node(name, "Placeholder", [], {
        dtype: typeAttr("float32"),
        shape: { shape: tensorShape([-1, size, size, 3]) },
      }),
    floats: (name, shape, draw) => {
      const length = shape.reduce((product, side) => product * side, 1);
      const spread = Math.sqrt(2 / Math.max(1, length / (shape.at(-1) ?? 1)));
      const values = Float32Array.from({ length }, () =>
        draw === undefined ? (random.uniform() * 2 - 1) * spread : draw(() => random.uniform()),
      );
      nodes.push(constant(name, "float32", shape));
      specs.push({ name, shape, dtype: "float32" });
      bytes.push(Buffer.from(values.buffer));
      return name;
    },
    whole: (name, values, shape) => {
      nodes.push(constant(name, "int32", shape));
      specs.push({ name, shape, dtype: "int32" });
      bytes.push(Buffer.from(Int32Array.from(values).buffer));
      return name;
    },
    save: () => ({
      json: {
        format: "graph-model",
        modelTopology: { node: nodes, versions: { producer: 1 } },
        weightsManifest: [{ paths: [weightsFile], weights: specs }],
      },
      weights: new Uint8Array(Buffer.concat(bytes)),
    }),
  };
}

/** A frozen graph with operations that nothing fused. */
export function frozenGraph(size: number, seed: number): SavedModel {
  const { node, placeholder, floats, whole, save } = createGraphWriter(seed);
  placeholder("image", size);
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
      floats("gamma", [8], positive),
      floats("beta", [8]),
      floats("mean", [8]),
      floats("variance", [8], positive),
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
  return save();
}
