import { AppError } from "../contract/errors.ts";
import { parseJson } from "../contract/parse.ts";
import type { GraphAttribute, GraphNode, ModelJson, WeightSpec } from "./graph-model.ts";

const nameRule = /^[A-Za-z0-9_./-]{1,200}$/;
const inputRule = /^[A-Za-z0-9_./-]{1,200}(:0)?$/;
const int64Rule = /^-?\d{1,15}$/;

/** The attributes that are read; nodes have many more. */
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

/**
 * Reads a tfjs GraphModel's `model.json`; keys that inference does not use are dropped. By hand: the first request of
 * every isolate waits for it, and schemas take ten times as long over the thousands of values.
 * @throws {AppError} unsupported_model when it is not a graph model as we run it
 */
export function parseModelJson(text: string): ModelJson {
  const model = objectOf(parseJson(text, "model.json", "unsupported_model"), "(whole)");
  if (model["format"] !== "graph-model") throw fault("format", 'must be "graph-model"');
  const topology = objectOf(model["modelTopology"], "modelTopology");
  return {
    modelTopology: {
      node: listOf(topology["node"], "modelTopology.node", { least: 2, most: 4096 }, readNode),
    },
    weightsManifest: listOf(model["weightsManifest"], "weightsManifest", { least: 1, most: 64 }, readGroup),
  };
}

function readNode(value: unknown, at: string): GraphNode {
  const { name, op, input = [], attr = {} } = objectOf(value, at);
  return {
    name: textOf(name, `${at}.name`, nameRule),
    op: textOf(op, `${at}.op`, /^.{0,100}$/s),
    input: listOf(input, `${at}.input`, anyLength, readInput),
    attr: readAttributesOf(objectOf(attr, `${at}.attr`), `${at}.attr`),
  };
}

function readInput(value: unknown, at: string): string {
  return textOf(value, at, inputRule);
}

function readAttributesOf(attributes: Fields, at: string): GraphNode["attr"] {
  const read: Record<string, GraphAttribute> = {};
  for (const name of Object.keys(attributes)) {
    if (readAttributes.has(name)) read[name] = readAttribute(attributes[name], `${at}.${name}`);
  }
  return read;
}

function readAttribute(value: unknown, at: string): GraphAttribute {
  const { s, b, i, shape, list } = objectOf(value, at);
  if (b !== undefined && typeof b !== "boolean") throw fault(`${at}.b`, "must be true or false");
  return {
    ...(s === undefined ? {} : { s: textOf(s, `${at}.s`) }),
    ...(b === undefined ? {} : { b }),
    ...(i === undefined ? {} : { i: readInt64(i, `${at}.i`) }),
    ...(shape === undefined ? {} : { shape: readShape(shape, `${at}.shape`) }),
    ...(list === undefined ? {} : { list: readList(list, `${at}.list`) }),
  };
}

function readShape(value: unknown, at: string): NonNullable<GraphAttribute["shape"]> {
  return { dim: listOf(objectOf(value, at)["dim"], `${at}.dim`, anyLength, readDimension) };
}

function readDimension(value: unknown, at: string): { readonly size: number } {
  return { size: readInt64(objectOf(value, at)["size"], `${at}.size`) };
}

function readList(value: unknown, at: string): NonNullable<GraphAttribute["list"]> {
  const { i, s } = objectOf(value, at);
  return {
    ...(i === undefined ? {} : { i: listOf(i, `${at}.i`, anyLength, readInt64) }),
    ...(s === undefined ? {} : { s: listOf(s, `${at}.s`, anyLength, textOf) }),
  };
}

/** Sizes in model.json are int64 and so may be written as text. */
function readInt64(value: unknown, at: string): number {
  return Number(typeof value === "string" ? textOf(value, at, int64Rule) : numberOf(value, at));
}

function readGroup(value: unknown, at: string): ModelJson["weightsManifest"][number] {
  const { paths, weights } = objectOf(value, at);
  return {
    paths: listOf(paths, `${at}.paths`, { least: 1, most: 64 }, textOf),
    weights: listOf(weights, `${at}.weights`, { least: 0, most: 4096 }, readWeight),
  };
}

function readWeight(value: unknown, at: string): WeightSpec {
  const { name, shape, dtype, quantization } = objectOf(value, at);
  if (dtype !== "float32" && dtype !== "int32") throw fault(`${at}.dtype`, "must be float32 or int32");
  if (quantization !== undefined && dtype !== "float32") {
    throw fault(at, "only float32 weights may be quantized");
  }
  return {
    name: textOf(name, `${at}.name`, nameRule),
    shape: listOf(shape, `${at}.shape`, { least: 0, most: 4 }, readSize),
    dtype,
    ...(quantization === undefined
      ? {}
      : { quantization: readQuantization(quantization, `${at}.quantization`) }),
  };
}

function readSize(value: unknown, at: string): number {
  const size = numberOf(value, at);
  if (!Number.isInteger(size) || size < 1 || size > 65_536) throw fault(at, "must be whole, 1 to 65536");
  return size;
}

function readQuantization(value: unknown, at: string): NonNullable<WeightSpec["quantization"]> {
  const { dtype, scale, min, original_dtype: original = "float32" } = objectOf(value, at);
  if (dtype === "float16") return { dtype };
  if (dtype !== "uint8") throw fault(`${at}.dtype`, "must be float16 or uint8");
  if (original !== "float32") throw fault(`${at}.original_dtype`, "must be float32");
  return { dtype, scale: numberOf(scale, `${at}.scale`), min: numberOf(min, `${at}.min`) };
}

type Fields = Readonly<Record<string, unknown>>;

const anyLength = { least: 0, most: Number.POSITIVE_INFINITY };

function objectOf(value: unknown, at: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fault(at, "must be an object");
  // an object of JSON.parse
  return value as Fields;
}

function listOf<T>(
  value: unknown,
  at: string,
  { least, most }: { readonly least: number; readonly most: number },
  read: (element: unknown, at: string) => T,
): readonly T[] {
  if (!Array.isArray(value) || value.length < least || value.length > most) {
    throw fault(at, `must be a list of ${least} to ${most}`);
  }
  const elements: T[] = [];
  for (let i = 0; i < value.length; i++) elements.push(read(value[i], `${at}.${i}`));
  return elements;
}

function textOf(value: unknown, at: string, rule?: RegExp): string {
  if (typeof value !== "string") throw fault(at, "must be text");
  if (rule !== undefined && !rule.test(value)) throw fault(at, `must match ${rule.source}`);
  return value;
}

function numberOf(value: unknown, at: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) throw fault(at, "must be a finite number");
  return value;
}

function fault(at: string, rule: string): AppError {
  return new AppError(
    "unsupported_model",
    `model.json is not valid: ${at}: ${rule}; publish the version again`,
  );
}
