// The parts of @tensorflow/tfjs-core that a Worker runs, by name; wrangler.jsonc puts this in the package's place. Its
// root brings optimisers, gradients and the file formats of browsers: 23 KB gzipped that nothing here calls.
// oxlint-disable import/no-unassigned-import -- engine, flags and platform register themselves
import "@tensorflow/tfjs-core/dist/engine.js";
import "@tensorflow/tfjs-core/dist/flags.js";
import "@tensorflow/tfjs-core/dist/platforms/platform_browser.js";

export * as backend_util from "./tfjs-shapes.ts";
export * as broadcast_util from "./tfjs-shapes.ts";
export * as util from "./tfjs-shapes.ts";
export { DataStorage, KernelBackend } from "@tensorflow/tfjs-core/dist/backends/backend.js";
export {
  backend,
  engine,
  getBackend,
  keep,
  memory,
  registerBackend,
  removeBackend,
  setBackend,
  tidy,
} from "@tensorflow/tfjs-core/dist/globals.js";
export * from "@tensorflow/tfjs-core/dist/kernel_names.js";
export { getKernel, registerKernel } from "@tensorflow/tfjs-core/dist/kernel_registry.js";
export { tensor } from "@tensorflow/tfjs-core/dist/ops/tensor.js";
export { tensor4d } from "@tensorflow/tfjs-core/dist/ops/tensor4d.js";
