import * as runtime from "onnxruntime-node";
import { serveContender } from "../contender.ts";
import { packageVersion } from "../package-version.ts";
import type { MobileNetWorkload } from "../workloads/mobilenet.ts";
import { onnxContender } from "./run-onnx.ts";

await serveContender<MobileNetWorkload>((workload) => {
  const label = `onnxruntime-node ${packageVersion("onnxruntime-node")}, native, 1 thread; no Worker can run it`;
  return onnxContender(runtime, "cpu", label, workload);
});
