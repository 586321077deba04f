import * as runtime from "onnxruntime-web/wasm";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import type { MobileNetWorkload } from "../workloads/mobilenet.ts";
import { onnxContender } from "./run-onnx.ts";

await serveContender<MobileNetWorkload>((workload) => {
  runtime.env.logLevel = "error";
  runtime.env.wasm.numThreads = 1;
  runtime.env.wasm.simd = true;
  const label = `onnxruntime-web ${packageVersion("onnxruntime-web")}, SIMD, 1 thread`;
  return onnxContender(runtime, "wasm", label, workload);
});
