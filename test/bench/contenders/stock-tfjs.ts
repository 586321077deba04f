import { env, setBackend } from "@tensorflow/tfjs-core";
import { setThreadsCount, setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { packageFile } from "../package-version.ts";

/** tfjs's own WASM backend as its package ships it, SIMD on one thread. */
export async function openStockTfjs(): Promise<void> {
  setWasmPaths(packageFile("@tensorflow/tfjs-backend-wasm", "dist/"));
  setThreadsCount(1);
  // tfjs answers false, rather than throw, when a backend does not start.
  if (!(await setBackend("wasm"))) throw new Error("the stock tfjs WASM backend does not start");
  if (!(await env().getAsync("WASM_HAS_SIMD_SUPPORT"))) throw new Error("tfjs found no SIMD");
}
