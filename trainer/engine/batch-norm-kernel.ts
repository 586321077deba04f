import * as tf from "@tensorflow/tfjs-core";
import type { Engine, NormalizedBatch } from "./engine.ts";
import { type HeapAccess, kernelInput, replaceKernel } from "./heap-access.ts";
import { runKernel, tensorAt } from "./kernel-calls.ts";
import type { TrainingKernels } from "./training-kernels.ts";

const forwardName = "EdgewiseBatchNorm";
const backwardName = "EdgewiseBatchNormGradient";

/** Registers batch normalization in training mode, alone or with the ReLU after it, for the WASM backend. */
export function registerBatchNormKernel(heap: HeapAccess, kernels: TrainingKernels): void {
  replaceKernel(forwardName, ({ inputs, attrs }) => {
    const x = kernelInput(inputs, "x");
    const gamma = kernelInput(inputs, "gamma");
    const beta = kernelInput(inputs, "beta");
    const { rows, channels } = rowsAndChannels(x);
    const outputs = [heap.allocate(x.shape), heap.allocate([channels]), heap.allocate([channels])];
    heap.withScratch(kernels.batchNormScratchFloats(channels), (scratch) => {
      const pointers = [x, gamma, beta, ...outputs].map((tensor) => heap.pointer(tensor));
      kernels.batchNormForward(...pointers, scratch, rows, channels, ...options(attrs));
    });
    return outputs;
  });
  replaceKernel(backwardName, ({ inputs, attrs }) => {
    const x = kernelInput(inputs, "x");
    const read = ["y", "dy", "gamma", "mean", "variance"].map((name) => kernelInput(inputs, name));
    const { rows, channels } = rowsAndChannels(x);
    const outputs = [heap.allocate(x.shape), heap.allocate([channels]), heap.allocate([channels])];
    heap.withScratch(kernels.batchNormScratchFloats(channels), (scratch) => {
      const pointers = [x, ...read, ...outputs].map((tensor) => heap.pointer(tensor));
      kernels.batchNormBackward(...pointers, scratch, rows, channels, ...options(attrs));
    });
    return outputs;
  });
  registerGradient();
}

function registerGradient(): void {
  tf.registerGradient({
    kernelName: forwardName,
    inputsToSave: ["x", "gamma"],
    outputsToSave: [true, true, true],
    gradFunc: (dys, saved, attrs) => {
      const inputs = {
        x: tensorAt(saved, 0),
        gamma: tensorAt(saved, 1),
        y: tensorAt(saved, 2),
        mean: tensorAt(saved, 3),
        variance: tensorAt(saved, 4),
        dy: Array.isArray(dys) ? tensorAt(dys, 0) : dys,
      };
      // at once, not one by one as tfjs asks for them: it frees what else a call made
      const gradients = runKernel(backwardName, inputs, attrs);
      const gradient = (index: number) => (): tf.Tensor => tensorAt(gradients, index);
      return { x: gradient(0), gamma: gradient(1), beta: gradient(2) };
    },
  });
}

/** `Engine.normalizeBatch` by the registered kernel. */
export const normalizeBatch: Engine["normalizeBatch"] = (
  x,
  gamma,
  beta,
  { epsilon, relu },
): NormalizedBatch => {
  const outputs = runKernel(forwardName, { x, gamma, beta }, { epsilon, relu });
  return { y: tensorAt(outputs, 0), mean: tensorAt(outputs, 1), variance: tensorAt(outputs, 2) };
};

function rowsAndChannels(x: tf.TensorInfo): { readonly rows: number; readonly channels: number } {
  const channels = x.shape.at(-1) ?? 1;
  return { rows: tf.util.sizeFromShape(x.shape) / channels, channels };
}

function options(attrs: tf.NamedAttrMap | undefined): [epsilon: number, relu: number] {
  return [Number(attrs?.["epsilon"]), Number(attrs?.["relu"])];
}
