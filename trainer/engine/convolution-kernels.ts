import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { type HeapAccess, kernelInput, replaceKernel } from "./heap-access.ts";
import type { TrainingKernels } from "./training-kernels.ts";

type Info = tf.backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];
type Attributes = tf.Conv2DAttrs & { readonly filterShape?: Shape4; readonly inputShape?: Shape4 };

/**
 * Registers convolution, depthwise convolution and their gradients for the WASM backend.
 * Stock tfjs has no gradient kernels but one, and its forward kernel is wrong for `same` padding where the stride
 * exceeds the kernel.
 */
export function registerConvolutionKernels(heap: HeapAccess, kernels: TrainingKernels): void {
  registerDense(heap, kernels);
  registerDepthwise(heap, kernels);
}

function registerDense(heap: HeapAccess, kernels: TrainingKernels): void {
  const run =
    (name: "conv2dForward" | "conv2dInputGradient" | "conv2dFilterGradient") =>
    (info: Info, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo): tf.TensorInfo => {
      const field = info.filterHeight * info.filterWidth * info.inChannels;
      heap.withScratch(kernels.conv2dScratchFloats(field, info.outChannels), (scratch) => {
        kernels[name](heap.pointer(a), heap.pointer(b), heap.pointer(out), scratch, ...denseSizes(info));
      });
      return out;
    };
  const forward = run("conv2dForward");
  const inputGradient = run("conv2dInputGradient");
  const filterGradient = run("conv2dFilterGradient");

  const stock = replaceKernel("Conv2D", (call) => {
    const x = kernelInput(call.inputs, "x");
    const filter = kernelInput(call.inputs, "filter");
    const info = denseInfo(x.shape, filter.shape, attributes(call.attrs));
    if (stock !== undefined && !isPlain(info)) return stock.kernelFunc(call);
    return forward(info, x, filter, heap.allocate(info.outShape));
  });
  replaceKernel("Conv2DBackpropInput", ({ inputs, attrs }) => {
    const dy = kernelInput(inputs, "dy");
    const filter = kernelInput(inputs, "filter");
    const { inputShape, ...rest } = attributes(attrs);
    const shape = required(inputShape, "inputShape");
    const info = plain(denseInfo(shape, filter.shape, rest));
    return inputGradient(info, dy, filter, heap.allocate(shape));
  });
  replaceKernel("Conv2DBackpropFilter", ({ inputs, attrs }) => {
    const x = kernelInput(inputs, "x");
    const dy = kernelInput(inputs, "dy");
    const { filterShape, ...rest } = attributes(attrs);
    const shape = required(filterShape, "filterShape");
    const info = plain(denseInfo(x.shape, shape, rest));
    return filterGradient(info, x, dy, heap.allocate(shape));
  });
}

function registerDepthwise(heap: HeapAccess, kernels: TrainingKernels): void {
  const run =
    (name: "depthwiseForward" | "depthwiseInputGradient" | "depthwiseFilterGradient") =>
    (info: Info, a: tf.TensorInfo, b: tf.TensorInfo, out: tf.TensorInfo): tf.TensorInfo => {
      kernels[name](heap.pointer(a), heap.pointer(b), heap.pointer(out), ...windowSizes(info));
      return out;
    };
  const forward = run("depthwiseForward");
  const inputGradient = run("depthwiseInputGradient");
  const filterGradient = run("depthwiseFilterGradient");

  const stock = replaceKernel("DepthwiseConv2dNative", (call) => {
    const x = kernelInput(call.inputs, "x");
    const filter = kernelInput(call.inputs, "filter");
    const info = depthwiseInfo(x.shape, filter.shape, attributes(call.attrs));
    if (stock !== undefined && !isPlainDepthwise(info)) return stock.kernelFunc(call);
    return forward(info, x, filter, heap.allocate(info.outShape));
  });
  replaceKernel("DepthwiseConv2dNativeBackpropInput", ({ inputs, attrs }) => {
    const dy = kernelInput(inputs, "dy");
    const filter = kernelInput(inputs, "filter");
    const { inputShape, ...rest } = attributes(attrs);
    const shape = required(inputShape, "inputShape");
    const info = plainDepthwise(depthwiseInfo(shape, filter.shape, rest));
    return inputGradient(info, dy, filter, heap.allocate(shape));
  });
  replaceKernel("DepthwiseConv2dNativeBackpropFilter", ({ inputs, attrs }) => {
    const x = kernelInput(inputs, "x");
    const dy = kernelInput(inputs, "dy");
    const { filterShape, ...rest } = attributes(attrs);
    const shape = required(filterShape, "filterShape");
    const info = plainDepthwise(depthwiseInfo(x.shape, shape, rest));
    return filterGradient(info, x, dy, heap.allocate(shape));
  });
}

function attributes(attrs: tf.NamedAttrMap | undefined): Attributes {
  // tfjs's ops build these attributes; the registry's type only hides their names
  return attrs as unknown as Attributes;
}

function required(shape: Shape4 | undefined, name: string): Shape4 {
  if (shape === undefined)
    throw new AppError("internal", `a convolution's gradient needs the attribute ${name}`);
  return shape;
}

function denseInfo(inputShape: readonly number[], filterShape: readonly number[], attrs: Attributes): Info {
  return tf.backend_util.computeConv2DInfo(
    shape4(inputShape),
    shape4(filterShape),
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(attrs.dataFormat ?? "NHWC"),
  );
}

function depthwiseInfo(
  inputShape: readonly number[],
  filterShape: readonly number[],
  attrs: Attributes,
): Info {
  return tf.backend_util.computeConv2DInfo(
    shape4(inputShape),
    shape4(filterShape),
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    true,
  );
}

function shape4(shape: readonly number[]): Shape4 {
  const [a, b, c, d] = shape;
  if (shape.length !== 4 || a === undefined || b === undefined || c === undefined || d === undefined) {
    throw new AppError(
      "internal",
      `a convolution needs tensors of rank 4, got the shape [${shape.join(", ")}]`,
    );
  }
  return [a, b, c, d];
}

function isPlain(info: Info): boolean {
  return info.dilationHeight === 1 && info.dilationWidth === 1 && info.dataFormat === "channelsLast";
}

function isPlainDepthwise(info: Info): boolean {
  return isPlain(info) && info.outChannels === info.inChannels;
}

function plain(info: Info): Info {
  if (isPlain(info)) return info;
  throw new AppError(
    "unsupported_model",
    "the WASM engine trains convolutions without dilation, in NHWC only",
  );
}

function plainDepthwise(info: Info): Info {
  if (isPlainDepthwise(info)) return info;
  throw new AppError(
    "unsupported_model",
    "the WASM engine trains depthwise convolutions without dilation and with a channel multiplier of 1 only",
  );
}

function denseSizes(info: Info): number[] {
  const [batch = 0, height = 0, width = 0, channels = 0, outHeight = 0, outWidth = 0, ...kernel] =
    windowSizes(info);
  return [batch, height, width, channels, outHeight, outWidth, info.outChannels, ...kernel];
}

/** Sizes of a sliding window, in the order that the kernels take them. */
export function windowSizes(info: Info): number[] {
  return [
    info.batchSize,
    info.inHeight,
    info.inWidth,
    info.inChannels,
    info.outHeight,
    info.outWidth,
    info.filterHeight,
    info.filterWidth,
    info.strideHeight,
    info.strideWidth,
    info.padInfo.top,
    info.padInfo.left,
  ];
}
