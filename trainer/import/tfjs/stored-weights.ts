import * as z from "zod/mini";
import { AppError } from "../../../shared/contract/errors.ts";
import { fromFloat16 } from "../../release/float16.ts";
import { mostElements } from "../graph-builder.ts";
import type { StoredTensor } from "./net.ts";

const scaled = { scale: z.number(), min: z.number() };

const quantizationSchema = z.discriminatedUnion("dtype", [
  z.object({ dtype: z.literal("uint8"), ...scaled }),
  z.object({ dtype: z.literal("uint16"), ...scaled }),
  z.object({ dtype: z.literal("float16") }),
]);

const weightSchema = z.object({
  name: z.string().check(z.maxLength(300)),
  shape: z.array(z.int().check(z.gte(0), z.lte(2 ** 24))).check(z.maxLength(6)),
  dtype: z.enum(["float32", "int32", "bool"]),
  quantization: z.optional(quantizationSchema),
});

/** The part of a model.json that says where the weights are, and as what. */
export const weightsManifestSchema = z
  .array(
    z.object({
      paths: z.array(z.string().check(z.minLength(1), z.maxLength(300))).check(z.maxLength(256)),
      weights: z.array(weightSchema).check(z.maxLength(8192)),
    }),
  )
  .check(z.minLength(1), z.maxLength(256));

type WeightSpec = z.infer<typeof weightSchema>;

/** Weights by name: floats, and whole numbers such as axes and shapes. */
export interface StoredWeights {
  readonly floats: ReadonlyMap<string, StoredTensor>;
  readonly integers: ReadonlyMap<string, readonly number[]>;
}

/**
 * Reads every weight that a model.json lists.
 * @param readFile gives a file that lies beside the model.json
 * @throws invalid_argument when sizes do not fit or a number is not finite, budget_exceeded for more than a Worker holds
 */
export async function readStoredWeights(
  manifest: z.infer<typeof weightsManifestSchema>,
  readFile: (path: string) => Promise<Uint8Array>,
): Promise<StoredWeights> {
  const specs = manifest.flatMap((group) => group.weights);
  const elements = specs.reduce((total, spec) => total + elementsOf(spec), 0);
  // Statistics of batch normalisation are folded away, so somewhat more may be stored than is kept.
  if (elements > 2 * mostElements) {
    throw new AppError(
      "budget_exceeded",
      `the model has ${elements} weights, a Worker holds ${mostElements} at most; use a smaller model`,
    );
  }
  const floats = new Map<string, StoredTensor>();
  const integers = new Map<string, readonly number[]>();
  for (const group of manifest) {
    const bytes = Buffer.concat(await Promise.all(group.paths.map(readFile)));
    const wanted = group.weights.reduce((total, spec) => total + storedBytes(spec), 0);
    if (bytes.length !== wanted) {
      throw new AppError(
        "invalid_argument",
        `${group.paths.join(", ")} has ${bytes.length} bytes, model.json says ${wanted}; copy the model again`,
      );
    }
    let offset = 0;
    for (const spec of group.weights) {
      const stored = Uint8Array.from(bytes.subarray(offset, offset + storedBytes(spec)));
      offset += stored.length;
      if (spec.dtype === "float32") floats.set(spec.name, readFloats(spec, stored));
      else if (spec.dtype === "int32") integers.set(spec.name, [...new Int32Array(stored.buffer)]);
    }
  }
  return { floats, integers };
}

function readFloats({ name, shape, quantization }: WeightSpec, bytes: Uint8Array<ArrayBuffer>): StoredTensor {
  const values = decode(quantization, bytes);
  if (!values.every(Number.isFinite)) {
    throw new AppError(
      "invalid_argument",
      `weight ${name} holds a number that is not finite; export the model again`,
    );
  }
  if (quantization?.dtype !== "uint8") return { name, shape, values };
  const { scale, min } = quantization;
  return { name, shape, values, codes: { bytes, scale, min } };
}

function decode(
  quantization: WeightSpec["quantization"],
  bytes: Uint8Array<ArrayBuffer>,
): Float32Array<ArrayBuffer> {
  switch (quantization?.dtype) {
    case undefined:
      return new Float32Array(bytes.buffer);
    case "float16":
      return fromFloat16(new Uint16Array(bytes.buffer));
    case "uint8":
    case "uint16": {
      const { scale, min, dtype } = quantization;
      const codes = dtype === "uint8" ? bytes : new Uint16Array(bytes.buffer);
      return Float32Array.from(codes, (code) => code * scale + min);
    }
    default:
      return quantization satisfies never;
  }
}

function storedBytes(spec: WeightSpec): number {
  return elementsOf(spec) * elementBytes(spec);
}

function elementBytes({ dtype, quantization }: WeightSpec): number {
  if (quantization !== undefined) return quantization.dtype === "uint8" ? 1 : 2;
  return dtype === "bool" ? 1 : 4;
}

function elementsOf({ shape }: WeightSpec): number {
  return shape.reduce((product, size) => product * size, 1);
}
