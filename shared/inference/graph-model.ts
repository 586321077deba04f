import * as z from "zod/mini";
import type { Quantization } from "../contract/manifest.ts";
import { parseJsonWith } from "../contract/parse.ts";

/** Sizes in model.json are int64 and so may be written as text. */
const int64Schema = z.pipe(
  // text first, as all converters write it: a union that fails its first way makes an error of it
  z.union([z.string().check(z.regex(/^-?\d{1,15}$/)), z.number()]),
  z.transform((value) => Number(value)),
);

const shapeAttributeSchema = z.object({ dim: z.array(z.object({ size: int64Schema })) });

const attributeSchema = z.looseObject({
  /** Text as base64. */
  s: z.optional(z.string()),
  b: z.optional(z.boolean()),
  i: z.optional(int64Schema),
  type: z.optional(z.union([z.string(), z.number()])),
  shape: z.optional(shapeAttributeSchema),
  list: z.optional(
    z.looseObject({ i: z.optional(z.array(int64Schema)), s: z.optional(z.array(z.string())) }),
  ),
});

/** The attributes that are read; nodes have many more, and checking those would take longer than all other checks. */
const readAttributes: ReadonlySet<string> = new Set([
  "data_format",
  "dilations",
  "explicit_paddings",
  "fused_ops",
  "keep_dims",
  "ksize",
  "num_args",
  "padding",
  "shape",
  "strides",
  "transpose_a",
  "transpose_b",
]);

function keepReadAttributes(attributes: unknown): unknown {
  if (typeof attributes !== "object" || attributes === null || Array.isArray(attributes)) return attributes;
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => readAttributes.has(name)));
}

const nodeNameSchema = z.string().check(z.regex(/^[A-Za-z0-9_./-]{1,200}$/));

const nodeSchema = z.object({
  name: nodeNameSchema,
  op: z.string().check(z.maxLength(100)),
  /** Names of nodes; `name:0` is the same as `name`. */
  input: z.prefault(z.array(z.string().check(z.regex(/^[A-Za-z0-9_./-]{1,200}(:0)?$/))), []),
  attr: z.prefault(z.pipe(z.transform(keepReadAttributes), z.record(z.string(), attributeSchema)), {}),
});

/** One operation of the graph. */
export type GraphNode = z.infer<typeof nodeSchema>;

const quantizationSchema = z.discriminatedUnion("dtype", [
  z.object({ dtype: z.literal("float16") }),
  /** `value = q * scale + min`. */
  z.object({
    dtype: z.literal("uint8"),
    scale: z.number(),
    min: z.number(),
    original_dtype: z.optional(z.literal("float32")),
  }),
]);

const weightSchema = z
  .object({
    name: nodeNameSchema,
    shape: z.array(z.int().check(z.gt(0), z.lte(65_536))).check(z.maxLength(4)),
    dtype: z.enum(["float32", "int32"]),
    quantization: z.optional(quantizationSchema),
  })
  .check(
    z.refine((weight) => weight.quantization === undefined || weight.dtype === "float32", {
      message: "only float32 weights may be quantized",
    }),
  );

/** How the bytes of one weight tensor are to be read. */
export type WeightSpec = z.infer<typeof weightSchema>;

const modelJsonSchema = z.object({
  format: z.literal("graph-model"),
  modelTopology: z.object({
    node: z.array(nodeSchema).check(z.minLength(2), z.maxLength(4096)),
    versions: z.optional(z.object({ producer: z.optional(z.number()), minConsumer: z.optional(z.number()) })),
  }),
  weightsManifest: z
    .array(
      z.object({
        paths: z.array(z.string()).check(z.minLength(1), z.maxLength(64)),
        weights: z.array(weightSchema).check(z.maxLength(4096)),
      }),
    )
    .check(z.minLength(1), z.maxLength(64)),
});

/** The parts of tfjs's `model.json` that inference uses. */
export type ModelJson = z.infer<typeof modelJsonSchema>;

/**
 * Reads a tfjs GraphModel's `model.json`; keys that inference does not use are dropped.
 * @throws {AppError} unsupported_model when it is not a graph model as we run it
 */
export function parseModelJson(text: string): ModelJson {
  return parseJsonWith(modelJsonSchema, text, "model.json", "unsupported_model");
}

/** Number of elements of a shape; 1 for a scalar. */
export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** How a weight is stored. */
export function quantizationOf(weight: WeightSpec): Quantization {
  return weight.quantization?.dtype ?? "none";
}

/** Bytes of a weight as stored. */
export function storedBytes(weight: WeightSpec): number {
  const width = { none: 4, float16: 2, uint8: 1 }[quantizationOf(weight)];
  return elementsOf(weight.shape) * width;
}
