import { setImmediate } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import type { ImageCodec } from "../../../shared/image/codec.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import type { WasmBackend } from "../../../shared/inference/wasm-backend.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { type HandMadeBundle, handMadeBundle } from "../../fixtures/hand-made-bundle.ts";
import { openHandMade } from "./open-hand-made.ts";

interface HeapSize {
  readonly wasmBytes: number;
  readonly arrayBufferBytes: number;
  readonly jsBytes: number;
}

describe("loading, testing and disposing of models", () => {
  let backend: WasmBackend;
  let codec: ImageCodec;
  let collectGarbage: () => void;

  beforeAll(async () => {
    backend = await openInference();
    codec = loadCodec();
    setFlagsFromString("--expose-gc");
    collectGarbage = runInNewContext("gc");
  });

  async function swap(bundles: readonly HandMadeBundle[], times: number): Promise<HeapSize> {
    for (let i = 0; i < times; i++) {
      for (const bundle of bundles) {
        const classifier = createClassifier(await openHandMade(bundle), codec);
        classifier.selfTest();
        classifier.dispose();
      }
    }
    let [arrayBufferBytes, jsBytes] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    // V8 frees the bytes of array buffers on a thread of its own, some time after the collection
    for (let round = 0; round < 20; round++) {
      collectGarbage();
      await setImmediate();
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      arrayBufferBytes = Math.min(arrayBufferBytes, arrayBuffers);
      jsBytes = Math.min(jsBytes, heapUsed);
    }
    return { wasmBytes: backend.memoryBytes, arrayBufferBytes, jsBytes };
  }

  it("leaves every heap flat", async () => {
    const bundles = await Promise.all([1, 2].map((seed) => handMadeBundle({ seed, size: 64 })));
    const settled = await swap(bundles, 60);
    const later = await swap(bundles, 60);

    expect(later.wasmBytes).toBe(settled.wasmBytes);
    // the stored weights of 120 models alone would be 68 KB, their graphs several MB
    expect(later.arrayBufferBytes - settled.arrayBufferBytes).toBeLessThan(50_000);
    expect(later.jsBytes - settled.jsBytes).toBeLessThan(1_000_000);
  });
});
