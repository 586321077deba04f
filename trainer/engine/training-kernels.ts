import { AppError } from "../../shared/contract/errors.ts";

const names = [
  "conv2dScratchFloats",
  "conv2dForward",
  "conv2dInputGradient",
  "conv2dFilterGradient",
  "depthwiseForward",
  "depthwiseInputGradient",
  "depthwiseFilterGradient",
  "maxPoolGradient",
  "batchNormScratchFloats",
  "batchNormForward",
  "batchNormBackward",
  "reluGradient",
  "clipGradient",
  "adamStep",
] as const;

/** A kernel of `trainer/kernels`: pointers into the heap, then sizes and factors, in the order of its source. */
export type TrainingKernel = (...args: readonly number[]) => number;

/** The kernels of `trainer/kernels/kernels.wasm` on one heap. */
export type TrainingKernels = Readonly<Record<(typeof names)[number], TrainingKernel>>;

/**
 * Puts the kernels on the heap of the tfjs WASM backend, so that they read and write tensors in place.
 * @throws engine_unavailable when the module lacks a kernel
 */
export function createTrainingKernels(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
): TrainingKernels {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const entries = names.map((name) => [name, exports[name]] as const);
  const missing = entries.filter(([, kernel]) => typeof kernel !== "function").map(([name]) => name);
  if (missing.length > 0) {
    throw new AppError(
      "engine_unavailable",
      `trainer/kernels/kernels.wasm lacks ${missing.join(", ")}; rebuild it with trainer/kernels/build.sh`,
    );
  }
  // every name is a function as checked above; all of them take and give numbers
  return Object.fromEntries(entries) as TrainingKernels;
}
