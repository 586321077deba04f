// oxlint-disable-next-line import/no-unassigned-import -- registers the backend
import "@tensorflow/tfjs-backend-cpu";
import * as tf from "@tensorflow/tfjs-core";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { ImageCodec } from "../../../shared/image/codec.ts";
import { createClassifier } from "../../../shared/inference/classifier.ts";
import { loadCodec } from "../../../trainer/assets.ts";
import { openInference } from "../../../trainer/engine/open-inference.ts";
import { handMadeBundle } from "../../fixtures/hand-made-bundle.ts";
import { drawPng, solidPng } from "../../fixtures/png.ts";
import { openHandMade } from "./open-hand-made.ts";

let codec: ImageCodec;
const red = solidPng(60, 40, [255, 0, 0]);

beforeAll(async () => {
  await openInference();
  codec = loadCodec();
});

beforeEach(async () => {
  await tf.setBackend("wasm");
});

describe("createClassifier", () => {
  it("keeps tensors and WASM memory flat over a hundred images of all sizes", async () => {
    const backend = await openInference();
    const classifier = createClassifier(await openHandMade(await handMadeBundle()), codec);
    const images = Array.from({ length: 10 }, (_, i) =>
      drawPng(10 + 30 * i, 300 - 25 * i, (x, y) => [x & 255, y & 255, i]),
    );
    for (const image of images) classifier.classify(image);
    const { memoryBytes } = backend;
    const { numTensors } = tf.memory();
    for (let i = 0; i < 10; i++) for (const image of images) classifier.classify(image);

    expect(backend.memoryBytes).toBe(memoryBytes);
    expect(tf.memory().numTensors).toBe(numTensors);
    classifier.dispose();
  });

  it.each(["fastest", "stock"] as const)(
    "of the %s engine frees everything when disposed of, once or twice, and does not run afterwards",
    async (choice) => {
      const { numTensors } = tf.memory();
      const bundle = await openHandMade(await handMadeBundle());
      const classifier = createClassifier(bundle, codec, choice);
      expect(tf.memory().numTensors).toBe(numTensors + (choice === "stock" ? 6 : 0));
      classifier.dispose();
      classifier.dispose();

      expect(tf.memory().numTensors).toBe(numTensors);
      expect(() => classifier.classify(red)).toThrow(expect.objectContaining({ code: "internal" }));
    },
  );

  it("refuses to run on another backend", async () => {
    const bundle = await openHandMade(await handMadeBundle());
    await tf.setBackend("cpu");

    expect(() => createClassifier(bundle, codec)).toThrow(
      expect.objectContaining({ code: "engine_unavailable" }),
    );
  });

  it("refuses a model whose kernel is not registered, and leaves nothing behind", async () => {
    const bundle = await openHandMade(await handMadeBundle());
    const { numTensors } = tf.memory();
    const kernel = tf.getKernel("FusedDepthwiseConv2D", "wasm");
    if (kernel === undefined) throw new Error("no kernel");
    tf.unregisterKernel("FusedDepthwiseConv2D", "wasm");
    try {
      expect(() => createClassifier(bundle, codec)).toThrow(/needs the tfjs kernels FusedDepthwiseConv2D/);
    } finally {
      tf.registerKernel(kernel);
    }
    expect(tf.memory().numTensors).toBe(numTensors);
  });
});
