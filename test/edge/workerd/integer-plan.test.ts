import tfjsWasm from "@tensorflow/tfjs-backend-wasm/wasm-out/tfjs-backend-wasm-simd.wasm";
import { registerKernels } from "../../../edge/model/kernels.ts";
import kernelsWasm from "../../../shared/inference/kernels/kernels.wasm";
import { installWasmBackend } from "../../../shared/inference/wasm-backend.ts";
import { describeIntegerPlan } from "../../shared/inference/integer-plan.ts";

describeIntegerPlan("workerd", () => {
  registerKernels();
  return installWasmBackend(tfjsWasm, { kernels: kernelsWasm });
});
