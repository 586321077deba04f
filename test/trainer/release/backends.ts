// oxlint-disable-next-line import/no-unassigned-import -- registers the kernels and the backend
import "@tensorflow/tfjs-backend-cpu";
// oxlint-disable-next-line import/no-unassigned-import -- registers the kernels
import "@tensorflow/tfjs-backend-wasm";
import * as tf from "@tensorflow/tfjs-core";
import { loadTfjsWasmModule } from "../../../trainer/assets.ts";
import { installWasmBackend } from "../../../shared/inference/wasm-backend.ts";

/** Makes tfjs compute on the reference backend in plain JavaScript. */
export async function useCpu(): Promise<void> {
  tf.env().set("IS_TEST", true);
  await tf.setBackend("cpu");
}

/** Makes tfjs compute on the backend that serves. */
export async function useWasm(): Promise<void> {
  await installWasmBackend(loadTfjsWasmModule());
}
