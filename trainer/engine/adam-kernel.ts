import * as tf from "@tensorflow/tfjs-core";
import type { Engine } from "./engine.ts";
import { type HeapAccess, kernelInput, replaceKernel } from "./heap-access.ts";
import { runKernel, tensorAt } from "./kernel-calls.ts";
import type { TrainingKernels } from "./training-kernels.ts";

const kernelName = "EdgewiseAdam";

/**
 * Registers Adam for the WASM backend.
 * The parameter's new value is a new tensor: XNNPACK packs a weight tensor once, so one overwritten in place would
 * go on computing with its old values.
 */
export function registerAdamKernel(heap: HeapAccess, kernels: TrainingKernels): void {
  replaceKernel(kernelName, ({ inputs, attrs }) => {
    const parameter = kernelInput(inputs, "parameter");
    const out = heap.allocate(parameter.shape);
    const read = ["parameter", "gradient", "first", "second"].map((name) => kernelInput(inputs, name));
    const factors = ["rate", "beta1", "beta2", "epsilon", "decay"].map((name) => Number(attrs?.[name]));
    const pointers = [...read, out].map((tensor) => heap.pointer(tensor));
    kernels.adamStep(...pointers, tf.util.sizeFromShape(parameter.shape), ...factors);
    return out;
  });
}

/** `Engine.adamStep` by the registered kernel; the moments are updated in place. */
export const adamStep: Engine["adamStep"] = (parameter, gradient, moments, step) => {
  const inputs = { parameter, gradient, first: moments.first, second: moments.second };
  const next = runKernel(kernelName, inputs, { ...step });
  return { parameter: tensorAt(next, 0), first: moments.first, second: moments.second };
};
