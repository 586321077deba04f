import { getKernelsForBackend } from "@tensorflow/tfjs-core";
import { describe, expect, it } from "vitest";
import { kernels, registerKernels } from "../../../edge/model/kernels.ts";
import { graphOps } from "../../../shared/inference/graph-ops.ts";

describe("the Worker's kernels", () => {
  it("are exactly those of the operations that a bundle may have", () => {
    const needed = new Set(Object.values(graphOps).flatMap((op) => op.kernels));

    expect(kernels.map((kernel) => kernel.kernelName).toSorted()).toEqual([...needed].toSorted());
  });

  it("are registered once", () => {
    registerKernels();
    registerKernels();

    expect(getKernelsForBackend("wasm")).toHaveLength(kernels.length);
  });
});
