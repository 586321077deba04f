import { AppError } from "../../shared/contract/errors.ts";
import type { InputSpec } from "../../shared/contract/input-spec.ts";
import type { Graph } from "../release/graph-model.ts";
import { tensorInfo, tensorShape, typeAttr } from "../release/graph-nodes.ts";
import { activationGridsOf } from "./activation-grids.ts";
import { codedRange, readIntegers } from "./constants.ts";
import {
  borderedInput,
  type Conversion,
  nodeNameOf,
  originOf,
  outputTensor,
  refuse,
  requiredConstant,
  requireImage,
  setOutput,
  valueInput,
} from "./conversion.ts";
import { boundedActivation, convertConvolution, convertDense, convertPool } from "./convert-layers.ts";
import { addActivation, addClamp, addMean, addReshape, createGraphBuilder } from "./graph-builder.ts";
import type { TfliteFile, TfliteOperator, TfliteTensor } from "./tflite-file.ts";
import type { TfliteActivation } from "./tflite-operators.ts";

/** A classifier as a tfjs GraphModel, not yet loaded or run. */
export interface ConvertedModel {
  readonly graph: Graph;
  /** What the file says of its input. */
  readonly input: Pick<InputSpec, "width" | "height" | "mean" | "std">;
  readonly classes: number;
  /** Shapes that the file gives, by node, for a batch of one; the graph must come to the same. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

const inputNode = "input";

/**
 * Converts a TensorFlow Lite classifier to a GraphModel in the operations that the Worker runs.
 * A quantised model is computed in integers up to its features where our kernels can, else in float32 on the values that
 * its codes stand for; any tfjs client does the latter. Softmax at the end is left out: the graph
 * gives logits, bounded to what their codes can hold.
 * @throws unsupported_model naming the operator, invalid_argument for constants that do not fit, budget_exceeded
 */
export function convertTflite(file: TfliteFile): ConvertedModel {
  const builder = createGraphBuilder();
  const input = readInput(file);
  const conversion: Conversion = {
    file,
    builder,
    values: new Map([
      [file.input, { node: inputNode, shape: [1, input.height, input.width, 3], border: null }],
    ]),
    aliases: new Map(),
    softmaxInputs: new Map(),
    pooling: null,
  };
  builder.add(inputNode, "Placeholder", [], {
    dtype: typeAttr("float32"),
    shape: { shape: tensorShape([-1, input.height, input.width, 3]) },
  });
  for (const operator of file.operators) convertOperator(conversion, operator);
  const classes = addLogits(conversion);
  const outputs: Graph["outputs"] = { logits: "logits", ...addFeatures(conversion) };
  const signature = {
    inputs: { [inputNode]: tensorInfo(inputNode, [input.height, input.width, 3]) },
    outputs: { logits: tensorInfo("logits", [classes]) },
  };
  const activationGrids = activationGridsOf(conversion);
  const graph = { nodes: builder.nodes, weights: builder.weights, signature, outputs };
  return {
    graph: activationGrids === undefined ? graph : { ...graph, activationGrids },
    input,
    classes,
    shapes: new Map([...conversion.values.values()].map(({ node, shape }) => [node, shape])),
  };
}

function convertOperator(conversion: Conversion, operator: TfliteOperator): void {
  const { operation } = operator;
  requireFreshOutput(conversion, operator);
  switch (operation.kind) {
    case "CONV_2D":
    case "DEPTHWISE_CONV_2D":
      return convertConvolution(conversion, operator, operation);
    case "FULLY_CONNECTED":
      return convertDense(conversion, operator, operation);
    case "AVERAGE_POOL_2D":
    case "MAX_POOL_2D":
      return convertPool(conversion, operator, operation);
    case "ADD":
      return convertAdd(conversion, operator, operation.activation);
    case "MEAN":
      return convertMean(conversion, operator, operation.keepsDimensions);
    case "PAD":
      return convertPad(conversion, operator);
    case "RESHAPE":
    case "SQUEEZE":
      return convertReshape(conversion, operator);
    case "SOFTMAX":
      return convertSoftmax(conversion, operator);
    case "QUANTIZE":
    case "DEQUANTIZE":
      return noteAlias(conversion, operator);
    default:
      return operation satisfies never;
  }
}

/** Softmax is no node of the graph: it is done with the temperature, outside. */
function convertSoftmax(conversion: Conversion, operator: TfliteOperator): void {
  valueInput(conversion, operator, 0);
  conversion.softmaxInputs.set(operator.output, originOf(conversion, operator.inputs[0] ?? -1));
}

function noteAlias(conversion: Conversion, operator: TfliteOperator): void {
  conversion.aliases.set(operator.output, originOf(conversion, operator.inputs[0] ?? -1));
}

function requireFreshOutput(conversion: Conversion, operator: TfliteOperator): void {
  const { values, aliases, softmaxInputs, file } = conversion;
  const maps = [values, aliases, softmaxInputs];
  const constant = (file.tensors[operator.output]?.data ?? null) !== null;
  if (!constant && !maps.some((map) => map.has(operator.output))) return;
  throw refuse(operator, "its output already has values; each tensor may be computed once");
}

function convertAdd(conversion: Conversion, operator: TfliteOperator, activation: TfliteActivation): void {
  const inputs = [0, 1].map((position) => valueInput(conversion, operator, position).node);
  const name = nodeNameOf(operator);
  const sum = conversion.builder.add(name, "AddV2", inputs, { T: typeAttr("float32") });
  const bounded = boundedActivation(activation, outputTensor(conversion, operator));
  setOutput(conversion, operator, addActivation(conversion.builder, sum, bounded));
}

function convertReshape(conversion: Conversion, operator: TfliteOperator): void {
  const { node } = valueInput(conversion, operator, 0);
  const shape = outputTensor(conversion, operator).shape.slice(1);
  setOutput(conversion, operator, addReshape(conversion.builder, nodeNameOf(operator), node, shape));
}

function convertMean(conversion: Conversion, operator: TfliteOperator, keepsDimensions: boolean): void {
  const featureMap = valueInput(conversion, operator, 0);
  requireImage(operator, featureMap);
  const axes = readIntegers(requiredConstant(conversion, operator, 1), "its axes");
  const inSpace = axes.map((axis) => (axis < 0 ? axis + 4 : axis)).toSorted((a, b) => a - b);
  if (inSpace.join() !== "1,2") {
    throw refuse(
      operator,
      `its axes are [${axes.slice(0, 8).join(", ")}]; allowed are height and width, [1, 2]`,
    );
  }
  const name = nodeNameOf(operator);
  const node = addMean(conversion.builder, name, featureMap.node, keepsDimensions);
  conversion.pooling = { featureMap, pooled: setOutput(conversion, operator, node) };
}

/** Remembers the zeros for the convolution that reads the image: tfjs has no kernel of its own for them here. */
function convertPad(conversion: Conversion, operator: TfliteOperator): void {
  const value = borderedInput(conversion, operator, 0);
  requireImage(operator, value);
  const paddings = readIntegers(requiredConstant(conversion, operator, 1), "its paddings");
  const [batchBefore, batchAfter, top = 0, bottom = 0, left = 0, right = 0, before, after] = paddings;
  const inSpace = [top, bottom, left, right].every((zeros) => zeros >= 0 && zeros < 64);
  const elsewhere = [batchBefore, batchAfter, before, after].some((zeros) => zeros !== 0);
  if (value.border !== null || paddings.length !== 8 || !inSpace || elsewhere) {
    throw refuse(
      operator,
      `its paddings are [${paddings.slice(0, 8).join(", ")}]; allowed are 0 to 63 zeros around height and width, once`,
    );
  }
  conversion.values.set(operator.output, { ...value, border: { top, bottom, left, right } });
}

/** Adds the node `logits`, `[batch, classes]`; gives the number of classes. */
function addLogits(conversion: Conversion): number {
  const { builder, file, values, softmaxInputs } = conversion;
  const output = originOf(conversion, file.output);
  const index = softmaxInputs.get(output) ?? output;
  const value = values.get(index);
  const tensor = file.tensors[index];
  const [batch, ...sizes] = value?.shape ?? [];
  const classes = sizes.reduce((product, size) => product * size, 1);
  if (value === undefined || tensor === undefined || batch !== 1 || sizes.at(-1) !== classes || classes < 2) {
    throw new AppError(
      "unsupported_model",
      `the model gives [${value?.shape.join(", ") ?? ""}]; allowed is [1, classes] with at least 2 classes, which an ` +
        "operator before the end computes",
    );
  }
  const range = codedRange(tensor);
  if (range === null) {
    addReshape(builder, "logits", value.node, [classes]);
    return classes;
  }
  addClamp(builder, "logits", addReshape(builder, "logits/rows", value.node, [classes]), range);
  return classes;
}

/** The pooled features and the map they were pooled from, where the model has them. */
function addFeatures({ pooling, builder }: Conversion): Omit<Graph["outputs"], "logits"> {
  if (pooling === null) return {};
  const { featureMap, pooled } = pooling;
  const [, height = 0, width = 0, channels = 0] = featureMap.shape;
  const node =
    pooled.shape.length === 2 ? pooled.node : addReshape(builder, "embedding", pooled.node, [channels]);
  return {
    embedding: { node, size: channels },
    featureMap: { node: featureMap.node, height, width, channels },
  };
}

/**
 * Size and normalisation of the input. A quantised one says itself what its codes stand for; images for float ones are
 * taken to be scaled to [-1, 1], as all nets of the MobileNet family are.
 */
function readInput(file: TfliteFile): ConvertedModel["input"] {
  const tensor = file.tensors[file.input];
  const [batch, height = 0, width = 0, channels] = tensor?.shape ?? [];
  const size = tensor?.shape.length === 4 && batch === 1 && channels === 3;
  if (tensor === undefined || !size || ![height, width].every((pixels) => pixels >= 8 && pixels <= 1024)) {
    throw new AppError(
      "unsupported_model",
      `the model takes [${tensor?.shape.join(", ") ?? ""}]; allowed is one RGB image, [1, height, width, 3], of 8 to ` +
        "1024 pixels a side",
    );
  }
  const { mean, std } = normalizationOf(tensor);
  return { width, height, mean: [mean, mean, mean], std: [std, std, std] };
}

/** Mean and deviation for 0-1 values: `(pixel - zero) * scale` is `(pixel / 255 - zero / 255) / (1 / (255 * scale))`. */
function normalizationOf({ type, codes }: TfliteTensor): { readonly mean: number; readonly std: number } {
  const [scale, second] = codes?.scales ?? [];
  const zero = codes?.zeroPoints[0];
  if (type === "float32" && scale === undefined) return { mean: 0.5, std: 0.5 };
  if (
    (type !== "uint8" && type !== "int8") ||
    scale === undefined ||
    zero === undefined ||
    second !== undefined
  ) {
    throw new AppError(
      "unsupported_model",
      `the model takes numbers of type ${type} with ${codes?.scales.length ?? 0} scales; allowed are float32, and ` +
        "uint8 or int8 with one scale",
    );
  }
  return { mean: (zero + (type === "int8" ? 128 : 0)) / 255, std: 1 / (255 * scale) };
}
