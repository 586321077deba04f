import * as z from "zod/mini";
import { parseWith } from "../../../shared/contract/parse.ts";
import { cannotImport, type NetStep, type NetWindow, type StoredTensor } from "./net.ts";
import type { StoredWeights } from "./stored-weights.ts";

const size = z.int().check(z.gte(1), z.lte(64));
const pair = z.union([
  z.tuple([size, size]),
  z.pipe(
    size,
    z.transform((one): [number, number] => [one, one]),
  ),
]);
const padding = z.enum(["same", "valid"]);
const channelsLast = z.optional(z.nullable(z.literal("channels_last")));
const once = z.optional(
  z.union([z.literal(1), z.tuple([z.literal(1)]), z.tuple([z.literal(1), z.literal(1)])]),
);
const activationName = z.prefault(z.nullable(z.enum(["linear", "relu", "relu6", "softmax"])), "linear");

const convolutionSchema = z.object({
  name: z.string(),
  strides: pair,
  padding,
  data_format: channelsLast,
  dilation_rate: once,
  groups: once,
  activation: activationName,
  use_bias: z.boolean(),
});
const denseSchema = z.object({ name: z.string(), activation: activationName, use_bias: z.boolean() });
const normalizationSchema = z.object({
  name: z.string(),
  axis: z.union([
    z.literal(-1),
    z.literal(3),
    z.literal(1),
    z.tuple([z.union([z.literal(3), z.literal(1)])]),
  ]),
  epsilon: z.number(),
  center: z.boolean(),
  scale: z.boolean(),
});
const reluSchema = z.object({
  max_value: z.optional(z.nullable(z.number())),
  negative_slope: z.optional(z.nullable(z.literal(0))),
  threshold: z.optional(z.nullable(z.literal(0))),
});
const poolSchema = z.object({
  pool_size: pair,
  strides: z.nullable(pair),
  padding,
  data_format: channelsLast,
});
const zeros = z.int().check(z.gte(0), z.lt(64));
const sides = z.tuple([zeros, zeros]);
const padSchema = z.object({
  padding: z.union([z.tuple([sides, sides]), sides, zeros]),
  data_format: channelsLast,
});
const reshapeSchema = z.object({ target_shape: z.array(z.int()).check(z.maxLength(4)) });
const globalPoolSchema = z.object({ keepdims: z.optional(z.boolean()), data_format: channelsLast });
const rescalingSchema = z.object({ scale: z.number(), offset: z.number() });

/** A layer on its way to become steps. */
interface LayerSource {
  readonly weights: StoredWeights;
  /** Names the layer in messages. */
  readonly where: string;
  /** Its options. @throws unsupported_model for one that cannot be imported */
  readonly parse: <T extends z.ZodMiniType>(schema: T) => z.infer<T>;
}

type ReadLayer = (layer: LayerSource) => readonly NetStep[];

const nothing: ReadLayer = () => [{ kind: "identity" }];

const readers: ReadonlyMap<string, ReadLayer> = new Map<string, ReadLayer>([
  ["Conv2D", convolution((name) => [["convolution", `${name}/kernel`]])],
  ["DepthwiseConv2D", convolution((name) => [["depthwise", `${name}/depthwise_kernel`]])],
  [
    "SeparableConv2D",
    convolution((name) => [
      ["depthwise", `${name}/depthwise_kernel`],
      ["convolution", `${name}/pointwise_kernel`],
    ]),
  ],
  ["Dense", denseSteps],
  ["BatchNormalization", ({ parse, weights }) => [normalizationStep(parse(normalizationSchema), weights)]],
  ["ReLU", ({ parse, where }) => reluSteps(parse(reluSchema).max_value ?? null, where)],
  ["Activation", ({ parse }) => activationSteps(parse(z.object({ activation: activationName })).activation)],
  ["Softmax", () => [{ kind: "softmax" }]],
  ["ZeroPadding2D", ({ parse }) => [padStep(parse(padSchema).padding)]],
  ["MaxPooling2D", ({ parse }) => [poolStep("max-pool", parse(poolSchema))]],
  ["AveragePooling2D", ({ parse }) => [poolStep("average-pool", parse(poolSchema))]],
  [
    "GlobalAveragePooling2D",
    ({ parse }) => [{ kind: "mean", keepsDimensions: parse(globalPoolSchema).keepdims ?? false }],
  ],
  ["Add", () => [{ kind: "add" }]],
  ["Flatten", () => [{ kind: "reshape", shape: null }]],
  [
    "Reshape",
    ({ parse, where }) => [
      { kind: "reshape", shape: reshapeTarget(parse(reshapeSchema).target_shape, where) },
    ],
  ],
  ["Rescaling", rescalingSteps],
  ["Dropout", nothing],
  ["SpatialDropout2D", nothing],
  ["GaussianNoise", nothing],
  ["GaussianDropout", nothing],
]);

/**
 * The steps that a Keras layer is made of.
 * @param where names the layer in messages
 * @throws unsupported_model for a layer, or an option of one, that cannot be imported
 */
export function layerSteps(
  className: string,
  config: unknown,
  weights: StoredWeights,
  where: string,
): readonly NetStep[] {
  const read = readers.get(className);
  if (read === undefined) {
    throw cannotImport(where, `allowed are the layers ${[...readers.keys()].join(", ")}`);
  }
  return read({ weights, where, parse: (schema) => parseWith(schema, config, where, "unsupported_model") });
}

/** A layer of convolutions one after the other: the first slides as the layer says, those after it stay in place. */
function convolution(
  kernelsOf: (name: string) => readonly (readonly ["convolution" | "depthwise", string])[],
): ReadLayer {
  return ({ parse, weights }) => {
    const { name, strides, padding: rule, activation, use_bias: hasBias } = parse(convolutionSchema);
    const steps = kernelsOf(name).map(([kind, kernel], index): NetStep => {
      const window: NetWindow =
        index === 0 ? { padding: rule, strides } : { padding: "valid", strides: [1, 1] };
      return { kind, weights: requireWeight(weights, kernel), ...window };
    });
    return [...steps, ...biasSteps(weights, name, hasBias), ...activationSteps(activation)];
  };
}

function denseSteps({ parse, weights }: LayerSource): readonly NetStep[] {
  const { name, activation, use_bias: hasBias } = parse(denseSchema);
  const kernel = requireWeight(weights, `${name}/kernel`);
  return [
    { kind: "dense", weights: kernel },
    ...biasSteps(weights, name, hasBias),
    ...activationSteps(activation),
  ];
}

function rescalingSteps({ parse }: LayerSource): readonly NetStep[] {
  const { scale, offset } = parse(rescalingSchema);
  return [{ kind: "scale", factors: Float64Array.of(scale), addends: Float64Array.of(offset) }];
}

function biasSteps(weights: StoredWeights, name: string, hasBias: boolean): NetStep[] {
  if (!hasBias) return [];
  const { values } = requireWeight(weights, `${name}/bias`);
  return [{ kind: "scale", factors: Float64Array.of(1), addends: Float64Array.from(values) }];
}

/** `gamma * (x - mean) / sqrt(variance + epsilon) + beta` as a factor and an addend of each channel. */
function normalizationStep(
  { name, epsilon, center, scale }: z.infer<typeof normalizationSchema>,
  weights: StoredWeights,
): NetStep {
  const read = (suffix: string): Float32Array => requireWeight(weights, `${name}/${suffix}`).values;
  return normalization({
    mean: read("moving_mean"),
    variance: read("moving_variance"),
    epsilon,
    ...(scale ? { gamma: read("gamma") } : {}),
    ...(center ? { beta: read("beta") } : {}),
  });
}

/** A batch normalisation with settled statistics. @throws unsupported_model when their lengths differ */
export function normalization(statistics: {
  readonly mean: Float32Array;
  readonly variance: Float32Array;
  readonly epsilon: number;
  readonly gamma?: Float32Array;
  readonly beta?: Float32Array;
}): NetStep {
  const { mean, variance, epsilon, gamma, beta } = statistics;
  const lengths = [mean, variance, gamma ?? mean, beta ?? mean].map((values) => values.length);
  if (new Set(lengths).size !== 1) {
    throw cannotImport("a batch normalisation", `its statistics have ${lengths.join(", ")} channels`);
  }
  const factors = Float64Array.from(variance, (value, c) => (gamma?.[c] ?? 1) / Math.sqrt(value + epsilon));
  const addends = Float64Array.from(factors, (factor, c) => (beta?.[c] ?? 0) - (mean[c] ?? 0) * factor);
  return { kind: "scale", factors, addends };
}

function activationSteps(activation: z.infer<typeof activationName>): NetStep[] {
  if (activation === null || activation === "linear") return [];
  return activation === "softmax" ? [{ kind: "softmax" }] : [{ kind: "activation", activation }];
}

function reluSteps(most: number | null, where: string): NetStep[] {
  if (most === null) return [{ kind: "activation", activation: "relu" }];
  if (most === 6) return [{ kind: "activation", activation: "relu6" }];
  throw cannotImport(where, `its max_value is ${most}; allowed are none and 6`);
}

function padStep(given: z.infer<typeof padSchema>["padding"]): NetStep {
  const [rows, columns] = typeof given === "number" ? [given, given] : given;
  const [top, bottom] = typeof rows === "number" ? [rows, rows] : rows;
  const [left, right] = typeof columns === "number" ? [columns, columns] : columns;
  return { kind: "pad", border: { top, bottom, left, right } };
}

function poolStep(kind: "max-pool" | "average-pool", pool: z.infer<typeof poolSchema>): NetStep {
  const { pool_size: window, strides, padding: rule } = pool;
  return { kind, size: window, strides: strides ?? window, padding: rule };
}

function reshapeTarget(shape: readonly number[], where: string): readonly number[] | null {
  if (shape.length === 1) return null;
  if (shape.every((length) => length > 0)) return shape;
  throw cannotImport(where, `its shape is [${shape.join(", ")}]; allowed are sizes from 1 on, or one row`);
}

function requireWeight({ floats }: StoredWeights, name: string): StoredTensor {
  const tensor = floats.get(name);
  if (tensor !== undefined) return tensor;
  throw cannotImport("the model", `it has no weight ${name}`);
}
