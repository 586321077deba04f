import { expect, it } from "vitest";
import { isolateModelBytes, openBundle } from "../../../shared/inference/bundle.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { bundleSource } from "../../../trainer/release/assemble.ts";
import { bundleMobileNet } from "../../bench/workloads/mobilenet.ts";
import { nets } from "../../bench/workloads/nets.ts";

it("two of the largest net that is measured have room in an isolate at a time, as a swap needs", async () => {
  await openInference();
  const bundle = await bundleMobileNet({ ...nets["mobilenet_v2_1.0_224"], storage: "uint8" });

  const { memory } = (await openBundle(bundleSource(bundle))).graph;

  expect(2 * memory.residentBytes + memory.activationBytes).toBeLessThan(isolateModelBytes);
  // what a model takes is its weights as floats, 14 MB, and the two largest activations
  expect(memory.residentBytes).toBeLessThan(16e6);
});
