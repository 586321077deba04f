import { integers, typeAttr } from "../release/graph-nodes.ts";
import type { GraphWeight } from "../release/graph-model.ts";
import type { Padding } from "../release/folded-model.ts";
import { resolvePadding, resolvePoolPadding } from "../release/padding.ts";
import { codedRange, type ImportedKernel, readBias, readKernel } from "./constants.ts";
import {
  type Border,
  borderedInput,
  constantInput,
  type Conversion,
  nodeNameOf,
  outputTensor,
  refuse,
  requiredConstant,
  requireImage,
  setOutput,
  valueInput,
} from "./conversion.ts";
import { addActivation, addMean, addReshape, fusedAttributes, windowAttributes } from "./graph-builder.ts";
import type { TfliteOperator, TfliteTensor } from "./tflite-file.ts";
import type { TfliteActivation, TfliteOperation, TfliteWindow } from "./tflite-operators.ts";

type OperationOf<K extends TfliteOperation["kind"]> = Extract<TfliteOperation, { readonly kind: K }>;

/** Converts CONV_2D and DEPTHWISE_CONV_2D, and the PAD before it. @throws unsupported_model, invalid_argument */
export function convertConvolution(
  conversion: Conversion,
  operator: TfliteOperator,
  operation: OperationOf<"CONV_2D" | "DEPTHWISE_CONV_2D">,
): void {
  const depthwise = operation.kind === "DEPTHWISE_CONV_2D";
  const input = borderedInput(conversion, operator, 0);
  const { height, width, channels } = requireImage(operator, input);
  const tensor = requiredConstant(conversion, operator, 1);
  const [first = 0, kernelHeight = 0, kernelWidth = 0, last = 0] = tensor.shape;
  const fits = depthwise ? first === 1 && last % channels === 0 : last === channels;
  if (tensor.shape.length !== 4 || !fits) {
    throw refuse(
      operator,
      `its weights [${tensor.shape.join(", ")}] do not fit an image of ${channels} channels`,
    );
  }
  const rows = { input: height, window: kernelHeight, stride: operation.strides[0] };
  const columns = { input: width, window: kernelWidth, stride: operation.strides[1] };
  const name = nodeNameOf(operator);
  const shape = depthwise
    ? [kernelHeight, kernelWidth, channels, last / channels]
    : [kernelHeight, kernelWidth, last, first];
  const weights = addWeights(conversion, operator, {
    shape,
    outputs: depthwise ? last : first,
    kernel: readKernel(tensor, !depthwise, `${name}/weights`),
  });
  const padding =
    input.border === null
      ? resolvePadding(operation.padding, rows, columns)
      : borderPadding(operator, operation, input.border);
  const node = conversion.builder.add(
    name,
    depthwise ? "FusedDepthwiseConv2dNative" : "_FusedConv2D",
    [input.node, ...weights],
    {
      ...fusedAttributes(boundedActivation(operation.activation, outputTensor(conversion, operator))),
      ...windowAttributes(operation.strides, padding),
      dilations: integers([1, 1, 1, 1]),
    },
  );
  setOutput(conversion, operator, node);
}

/** Converts FULLY_CONNECTED. @throws unsupported_model, invalid_argument */
export function convertDense(
  conversion: Conversion,
  operator: TfliteOperator,
  operation: OperationOf<"FULLY_CONNECTED">,
): void {
  const input = valueInput(conversion, operator, 0);
  const tensor = requiredConstant(conversion, operator, 1);
  const [outputs = 0, inputs = 0] = tensor.shape;
  const output = outputTensor(conversion, operator);
  if (tensor.shape.length !== 2 || output.shape.length !== 2) {
    throw refuse(
      operator,
      `it gives [${output.shape.join(", ")}] by weights [${tensor.shape.join(", ")}]; allowed are two dimensions each`,
    );
  }
  const name = nodeNameOf(operator);
  const weights = addWeights(conversion, operator, {
    shape: [inputs, outputs],
    outputs,
    kernel: readKernel(tensor, true, `${name}/weights`),
  });
  const rows =
    input.shape.length === 2
      ? input.node
      : addReshape(conversion.builder, `${name}/rows`, input.node, [inputs]);
  const node = conversion.builder.add(name, "_FusedMatMul", [rows, ...weights], {
    ...fusedAttributes(boundedActivation(operation.activation, output)),
    transpose_a: { b: false },
    transpose_b: { b: false },
  });
  setOutput(conversion, operator, node);
}

/** Converts pooling; an average over the whole image becomes a mean. @throws unsupported_model */
export function convertPool(
  conversion: Conversion,
  operator: TfliteOperator,
  operation: OperationOf<"AVERAGE_POOL_2D" | "MAX_POOL_2D">,
): void {
  const { builder } = conversion;
  const input = valueInput(conversion, operator, 0);
  const { height, width } = requireImage(operator, input);
  const name = nodeNameOf(operator);
  const [windowHeight, windowWidth] = operation.size;
  const whole = operation.padding === "valid" && windowHeight === height && windowWidth === width;
  if (whole && operation.kind === "AVERAGE_POOL_2D") {
    const mean = addMean(builder, name, input.node, true);
    const pooled = setOutput(conversion, operator, addActivation(builder, mean, operation.activation));
    conversion.pooling = { featureMap: input, pooled };
    return;
  }
  const rows = { input: height, window: windowHeight, stride: operation.strides[0] };
  const columns = { input: width, window: windowWidth, stride: operation.strides[1] };
  const padding = resolvePoolPadding(operation.padding, rows, columns, name);
  const node = builder.add(name, operation.kind === "MAX_POOL_2D" ? "MaxPool" : "AvgPool", [input.node], {
    T: typeAttr("float32"),
    ...windowAttributes(operation.strides, padding),
    ksize: integers([1, ...operation.size, 1]),
  });
  setOutput(conversion, operator, addActivation(builder, node, operation.activation));
}

/**
 * The activation that the operator's quantised output has anyway: codes that start at 0 cut off what is negative,
 * codes that end at 6 what is above. Other ends only bound outliers, and bounding those of every layer costs a third of
 * the time and changes no answer.
 */
export function boundedActivation(activation: TfliteActivation, output: TfliteTensor): TfliteActivation {
  const range = codedRange(output);
  if (range === null || Math.abs(range.least) > range.step / 2) return activation;
  return Math.abs(range.most - 6) <= range.step / 2 ? "relu6" : activation === "linear" ? "relu" : activation;
}

function borderPadding(operator: TfliteOperator, { padding }: TfliteWindow, border: Border): Padding {
  if (padding === "valid") return border;
  throw refuse(operator, "it reads a padded image and pads by itself; only VALID padding may follow PAD");
}

/** Adds weights and bias; gives their names. */
function addWeights(
  conversion: Conversion,
  operator: TfliteOperator,
  layer: { readonly shape: readonly number[]; readonly outputs: number; readonly kernel: ImportedKernel },
): [string, string] {
  const name = nodeNameOf(operator);
  const bias = readBias(constantInput(conversion, operator, 2), layer.outputs, `${name}/bias`);
  const common = { type: "float32", layer: name } as const;
  const weights: GraphWeight[] = [
    { ...common, name: `${name}/weights`, role: "kernel", shape: layer.shape, ...layer.kernel },
    { ...common, name: `${name}/bias`, role: "bias", shape: [layer.outputs], values: bias },
  ];
  const [kernelName = "", biasName = ""] = weights.map((weight) => conversion.builder.addConstant(weight));
  return [kernelName, biasName];
}
