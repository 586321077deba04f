import * as tf from "@tensorflow/tfjs-core";
import { version_wasm } from "@tensorflow/tfjs-backend-wasm";
// registers the gradients of every op
import { version_layers } from "@tensorflow/tfjs-layers";
import { AppError } from "../../shared/contract/errors.ts";
import type { WasmBackend } from "../../shared/inference/wasm-backend.ts";
import { loadTrainingKernelsModule } from "../assets.ts";
import { adamStep, registerAdamKernel } from "./adam-kernel.ts";
import { normalizeBatch, registerBatchNormKernel } from "./batch-norm-kernel.ts";
import { registerConvolutionKernels } from "./convolution-kernels.ts";
import { registerElementwiseKernels } from "./elementwise-kernels.ts";
import type { Engine } from "./engine.ts";
import { createHeapAccess } from "./heap-access.ts";
import { registerMatMulKernel } from "./matmul-kernel.ts";
import { openInference } from "./open-inference.ts";
import { createTrainingKernels } from "./training-kernels.ts";

/** Backends that have our kernels already; registering twice would lose the stock kernels that ours fall back to. */
const prepared = new WeakSet<WasmBackend>();

/**
 * Opens the engine that needs no native library: the tfjs WASM backend with our training kernels on its heap.
 * @param notices why this engine runs instead of the one asked for
 * @throws engine_unavailable when the backend does not start
 */
export async function openWasmEngine(notices: readonly string[] = []): Promise<Engine> {
  const backend = await openInference();
  if (!prepared.has(backend)) {
    const heap = createHeapAccess(backend);
    const kernels = createTrainingKernels(loadTrainingKernelsModule(), backend.wasm.memory);
    registerConvolutionKernels(heap, kernels);
    registerElementwiseKernels(heap, kernels);
    registerBatchNormKernel(heap, kernels);
    registerAdamKernel(heap, kernels);
    registerMatMulKernel();
    prepared.add(backend);
  }
  return {
    name: "wasm",
    backendName: "wasm",
    packages: {
      "@tensorflow/tfjs-core": tf.version_core,
      "@tensorflow/tfjs-layers": version_layers,
      "@tensorflow/tfjs-backend-wasm": version_wasm,
    },
    notices,
    activate: async () => {
      if (!(await tf.setBackend("wasm"))) {
        throw new AppError("engine_unavailable", "tfjs refused to switch back to the WASM backend");
      }
    },
    normalizeBatch,
    adamStep,
  };
}
