import { describe, expect, it } from "vitest";
import { handMadeBundle, type ModelJsonDraft } from "../../fixtures/hand-made-bundle.ts";
import { refusalOf } from "./open-hand-made.ts";

interface NodeDraft {
  name: unknown;
  op: unknown;
  input: unknown;
  attr: Record<string, unknown>;
}

/** A node of model.json, by name. */
function node(model: ModelJsonDraft, name: string): NodeDraft {
  const found = model.modelTopology.node.find((candidate) => candidate["name"] === name);
  if (found === undefined) throw new Error(`no node ${name}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the fixture wrote it so
  return found as unknown as NodeDraft;
}

function attr(model: ModelJsonDraft, name: string): Record<string, unknown> {
  return node(model, name).attr;
}

function weight(model: ModelJsonDraft, name: string): Record<string, unknown> {
  const found = model.weightsManifest[0]?.weights.find((candidate) => candidate["name"] === name);
  if (found === undefined) throw new Error(`no weight ${name}`);
  return found;
}

const base64 = (text: string): { s: string } => ({ s: btoa(text) });
const list = (...values: number[]): { list: { i: string[] } } => ({ list: { i: values.map(String) } });

describe("openBundle refuses a graph", () => {
  type Edit = (model: ModelJsonDraft) => void;

  it.each<readonly [string, RegExp, Edit]>([
    ["that is a layers model", /model.json is not valid: format/, (model) => (model.format = "layers-model")],
    [
      "with an operation that is not run",
      /the operation is not one of/,
      (model) => (node(model, "dense").op = "Conv3D"),
    ],
    [
      "with an operation named like a method",
      /not one of/,
      (model) => (node(model, "dense").op = "constructor"),
    ],
    [
      "with an input that is no node",
      /input nowhere is no node before it/,
      (model) => (node(model, "dense").input = ["nowhere"]),
    ],
    [
      "with a loop",
      /input dense is no node before it/,
      (model) => (node(model, "stem").input = ["dense", "stem/weights", "stem/bias"]),
    ],
    ["with a control input", /input.0/, (model) => (node(model, "dense").input = ["^pool"])],
    [
      "with a second placeholder",
      /2 Placeholder nodes/,
      (model) => model.modelTopology.node.push({ ...node(model, "input"), name: "second" }),
    ],
    [
      "with one name for two nodes",
      /the name is used twice/,
      (model) => model.modelTopology.node.push({ ...node(model, "pool") }),
    ],
    [
      "with a placeholder of two channels",
      /it must be \[-1, height, width, 3\]/,
      (model) =>
        (attr(model, "input")["shape"] = { shape: { dim: [-1, 32, 32, 2].map((size) => ({ size })) } }),
    ],
    [
      "with a fixed batch",
      /it must be \[-1, height, width, 3\]/,
      (model) =>
        (attr(model, "input")["shape"] = { shape: { dim: [1, 32, 32, 3].map((size) => ({ size })) } }),
    ],
    [
      "with channels first",
      /data_format is NCHW/,
      (model) => (attr(model, "stem")["data_format"] = base64("NCHW")),
    ],
    [
      "with a padding of its own",
      /padding is FULL/,
      (model) => (attr(model, "stem")["padding"] = base64("FULL")),
    ],
    ["with text that is no base64", /not base64/, (model) => (attr(model, "stem")["padding"] = { s: "***" })],
    [
      "with an explicit padding too many",
      /explicit_paddings is/,
      (model) =>
        Object.assign(attr(model, "features"), {
          padding: base64("EXPLICIT"),
          explicit_paddings: list(1, 0, 0, 0, 0, 0, 0, 0),
        }),
    ],
    [
      "with a stride over channels",
      /strides is \[1, 1, 1, 2\]/,
      (model) => (attr(model, "stem")["strides"] = list(1, 1, 1, 2)),
    ],
    [
      "with a stride of 0",
      /strides is \[1, 0, 0, 1\]/,
      (model) => (attr(model, "stem")["strides"] = list(1, 0, 0, 1)),
    ],
    ["without strides", /attribute strides is missing/, (model) => delete attr(model, "stem")["strides"]],
    ["with a dilation", /no dilation/, (model) => (attr(model, "stem")["dilations"] = list(1, 2, 2, 1))],
    [
      "with a window that tfjs pads wrongly",
      /must not be smaller than its stride/,
      (model) => (attr(model, "features")["strides"] = list(1, 4, 4, 1)),
    ],
    [
      "with an activation it does not fuse",
      /fused_ops is BiasAdd\+Elu/,
      (model) =>
        (attr(model, "stem")["fused_ops"] = { list: { s: ["BiasAdd", "Elu"].map((op) => btoa(op)) } }),
    ],
    ["with two fused arguments", /exactly one bias/, (model) => (attr(model, "stem")["num_args"] = { i: 2 })],
    [
      "with a product of transposed weights",
      /transpose_a and transpose_b must be false/,
      (model) => (attr(model, "dense")["transpose_b"] = { b: true }),
    ],
    [
      "with a product that does not fit",
      /it multiplies/,
      (model) => (weight(model, "dense/weights")["shape"] = [3, 8]),
    ],
    [
      "with a filter over other channels",
      /filter over 3 channels/,
      (model) => (weight(model, "stem/weights")["shape"] = [3, 1, 1, 8]),
    ],
    [
      "with a weight for axes",
      /axes \[1, 2\]/,
      (model) => (node(model, "pool").input = ["features", "stem/bias"]),
    ],
    [
      "with axes for a weight",
      /input 2 is an int32 constant/,
      (model) => (node(model, "dense").input = ["pool", "dense/weights", "pool/axes"]),
    ],
    [
      "with a constant that has no weight",
      /has no weight of its name/,
      (model) => model.modelTopology.node.unshift({ name: "lost", op: "Const" }),
    ],
    [
      "with a weight that has no constant",
      /belongs to no Const node/,
      (model) =>
        (model.modelTopology.node = model.modelTopology.node.filter(
          (each) => each["name"] !== "dense/bias" && each["name"] !== "dense",
        )),
    ],
    [
      "with a weight file twice",
      /lists a weight file twice/,
      (model) => model.weightsManifest[0]?.paths.push("group1-shard1of2.bin"),
    ],
    [
      "with a weight twice",
      /lists a weight twice/,
      (model) => model.weightsManifest[0]?.weights.push(weight(model, "stem/bias")),
    ],
    [
      "with weights of more bytes than the files",
      /take \d+ bytes by their shapes, the files have/,
      (model) => (weight(model, "stem/bias")["shape"] = [9]),
    ],
    ["with a dimension of 0", /shape.0/, (model) => (weight(model, "stem/bias")["shape"] = [0])],
    [
      "with a dimension that is not whole",
      /shape.0/,
      (model) => (weight(model, "stem/bias")["shape"] = [8.5]),
    ],
    ["with a dimension past all bounds", /shape.0/, (model) => (weight(model, "stem/bias")["shape"] = [1e9])],
    [
      "with a dtype it does not hold",
      /dtype/,
      (model) => (weight(model, "stem/bias")["dtype"] = "complex64"),
    ],
    [
      "with uint16 weights",
      /quantization/,
      (model) => (weight(model, "stem/bias")["quantization"] = { dtype: "uint16", scale: 1, min: 0 }),
    ],
    [
      "with a scale that is no number",
      /quantization.scale/,
      (model) => (weight(model, "stem/bias")["quantization"] = { dtype: "uint8", scale: "1", min: 0 }),
    ],
    [
      "with quantized axes",
      /only float32 weights may be quantized/,
      (model) => (weight(model, "pool/axes")["quantization"] = { dtype: "uint8", scale: 1, min: 0 }),
    ],
    ["with a name that leads elsewhere", /name/, (model) => (node(model, "stem").name = { a: 1 })],
  ])("%s", async (_, message, editModel) => {
    expect(await refusalOf(await handMadeBundle({ editModel }))).toEqual({
      code: "unsupported_model",
      message: expect.stringMatching(message),
    });
  });
});
