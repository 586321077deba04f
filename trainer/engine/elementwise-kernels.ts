import * as tf from "@tensorflow/tfjs-core";
import { AppError } from "../../shared/contract/errors.ts";
import { windowSizes } from "./convolution-kernels.ts";
import { type HeapAccess, kernelInput, replaceKernel } from "./heap-access.ts";
import { runKernel, tensorAt } from "./kernel-calls.ts";
import type { TrainingKernels } from "./training-kernels.ts";

const reluGradient = "EdgewiseReluGradient";
const clipGradient = "EdgewiseClipGradient";

/** Registers the gradients of max pooling, ReLU and clipping for the WASM backend. */
export function registerElementwiseKernels(heap: HeapAccess, kernels: TrainingKernels): void {
  // stock tfjs loses the gradient of windows that hold negative values only, and gives ties to the last value
  replaceKernel("MaxPoolGrad", ({ inputs, attrs }) => {
    const dy = kernelInput(inputs, "dy");
    const x = kernelInput(inputs, "input");
    // tfjs's op builds these attributes; the registry's type only hides their names
    const { filterSize, strides, pad, dimRoundingMode } = attrs as unknown as tf.MaxPoolGradAttrs;
    const [batch = 0, height = 0, width = 0, channels = 0] = x.shape;
    const info = tf.backend_util.computePool2DInfo(
      [batch, height, width, channels],
      filterSize,
      strides,
      1,
      pad,
      dimRoundingMode,
    );
    const dx = heap.allocate(x.shape);
    kernels.maxPoolGradient(heap.pointer(x), heap.pointer(dy), heap.pointer(dx), ...windowSizes(info));
    return dx;
  });
  // stock tfjs copies; gradients take clones by the dozen, and nothing here writes into a tensor that has any
  replaceKernel("Identity", ({ inputs }) => {
    const { x } = inputs;
    if (x === undefined) throw new AppError("internal", "the kernel Identity needs an input x");
    return heap.share(x);
  });
  replaceKernel(reluGradient, ({ inputs }) => {
    const y = kernelInput(inputs, "y");
    const dy = kernelInput(inputs, "dy");
    const dx = heap.allocate(y.shape);
    kernels.reluGradient(heap.pointer(y), heap.pointer(dy), heap.pointer(dx), tf.util.sizeFromShape(y.shape));
    return dx;
  });
  replaceKernel(clipGradient, ({ inputs, attrs }) => {
    const x = kernelInput(inputs, "x");
    const dy = kernelInput(inputs, "dy");
    const dx = heap.allocate(x.shape);
    const size = tf.util.sizeFromShape(x.shape);
    const low = Number(attrs?.["low"]);
    const high = Number(attrs?.["high"]);
    kernels.clipGradient(heap.pointer(x), heap.pointer(dy), heap.pointer(dx), size, low, high);
    return dx;
  });
  replaceGradient("Relu", (dy, saved) => ({
    x: () => tensorAt(runKernel(reluGradient, { y: tensorAt(saved, 0), dy }), 0),
  }));
  replaceGradient("ClipByValue", (dy, saved, attrs) => {
    const range = { low: attrs["clipValueMin"] ?? 0, high: attrs["clipValueMax"] ?? 0 };
    return { x: () => tensorAt(runKernel(clipGradient, { x: tensorAt(saved, 0), dy }, range), 0) };
  });
}

/** Gradients are global in tfjs: another backend than WASM keeps the composed one. */
function replaceGradient(
  kernelName: string,
  gradient: (dy: tf.Tensor, saved: tf.Tensor[], attrs: tf.NamedAttrMap) => Record<string, () => tf.Tensor>,
): void {
  const stock = tf.getGradient(kernelName);
  tf.unregisterGradient(kernelName);
  tf.registerGradient({
    ...stock,
    gradFunc: (dy, saved, attrs) =>
      tf.getBackend() === "wasm" && !Array.isArray(dy)
        ? gradient(dy, saved, attrs)
        : stock.gradFunc(dy, saved, attrs),
  });
}
