// oxlint-disable-next-line import/no-unassigned-import -- registers the kernels, and a backend that ours replaces
import "@tensorflow/tfjs-backend-wasm";
import { installWasmBackend, type WasmBackend } from "../../shared/inference/wasm-backend.ts";
import { loadInferenceKernelsModule, loadTfjsWasmModule } from "../assets.ts";

/**
 * Makes tfjs compute on the backend that the Worker uses, with every stock kernel and our own; idempotent.
 * @throws engine_unavailable when the backend does not start
 */
export async function openInference(): Promise<WasmBackend> {
  return installWasmBackend(loadTfjsWasmModule(), { kernels: loadInferenceKernelsModule() });
}
